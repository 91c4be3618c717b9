"""One module per dossier of the family’s path; import the module, nothing is re-exported here."""
