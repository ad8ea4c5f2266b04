"""What the API says, as types. The OpenAPI document and every stored document come from these."""

from cms.documents.shapes.base import Shape

__all__ = ["Shape"]
