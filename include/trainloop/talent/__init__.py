"""From what people did to who may be promoted: points (R45), certificates and lists (R35), practice cases (R36)."""
