"""What can be seen of a picture or an address before it is sent. Imports nothing of the engine but its errors."""

from ...lazy_imports import open_late

# What a service's declaration can be read without.
open_late(__name__, "image_header", "picture_end", "web_addresses")
