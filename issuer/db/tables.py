"""Imports every module that declares tables, so that `Base.metadata` is whole: for the migrations and for tests."""

from __future__ import annotations

import importlib

from sqlalchemy import MetaData

from issuer.db.base import Base

FOLDERS = ("kyc", "terms", "licences", "epochs", "openings", "web", "assessment", "permits", "insurance")


def all_tables() -> MetaData:
    """The metadata of every table of the issuer."""
    for folder in FOLDERS:
        importlib.import_module(f"issuer.{folder}.models")
    return Base.metadata
