"""What every part of the site file is: frozen, and nothing in it goes unread."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict

Locale = Literal["zh-CN", "en"]


class Rules(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")
