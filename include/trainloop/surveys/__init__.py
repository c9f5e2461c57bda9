"""Survey waves of class sessions: planning, inviting, reminding, closing, and the answers of outside tools."""
