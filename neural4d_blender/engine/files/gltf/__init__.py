"""glTF as strangers write it: checked, put right where that is harmless, measured; nothing is imported here."""
