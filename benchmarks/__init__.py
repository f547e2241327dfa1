"""Measurements that are not part of any installed package."""
