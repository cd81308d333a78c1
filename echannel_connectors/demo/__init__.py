"""Atelier Breton, a coherent sample company: a shop, an ERP, and a life that goes on between two looks at them."""

from echannel_connectors.demo.company import Changes, Company
from echannel_connectors.demo.serve import Demo, serve_demo

__all__ = ["Changes", "Company", "Demo", "serve_demo"]
