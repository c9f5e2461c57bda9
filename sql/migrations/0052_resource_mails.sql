-- Mails about the knowledge base and internal trainers name assets.
grant select on core.knowledge_assets to trainloop_sender;
