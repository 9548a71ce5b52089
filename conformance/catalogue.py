"""The requirement catalogue of this suite; its format and its checks are `sockbench.catalogue`.

SPDX-License-Identifier: GPL-2.0-or-later
"""

from __future__ import annotations

from sockbench.catalogue import LEVELS, BadCatalogue, Catalogue, Pending, Requirement, load, requirement

__all__ = ["LEVELS", "BadCatalogue", "Catalogue", "Pending", "Requirement", "load", "requirement"]
