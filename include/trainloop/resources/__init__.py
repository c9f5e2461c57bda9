"""Resources 资源整合: whom to buy from, what the knowledge base holds, who can teach, what it costs (R12–R17)."""
