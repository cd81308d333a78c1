"""A template as a local page on the company's own figures: live on the loopback address, or as one offline file."""

from echannel_connectors.looker.preview.server import serve_preview
from echannel_connectors.looker.preview.static import write_static

__all__ = ["serve_preview", "write_static"]
