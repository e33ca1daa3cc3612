"""Tests of the sandbox, one file per resource."""
