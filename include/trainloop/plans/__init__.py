"""Action learning plans 行动学习计划: how they are made and looked after, and what they came to."""
