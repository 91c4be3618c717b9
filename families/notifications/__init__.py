"""Who is told what, one module per dossier: the handlers of the outbox."""
