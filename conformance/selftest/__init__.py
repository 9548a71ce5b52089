# Proof that the catalogue and coverage checks can fail (no board needed).
# SPDX-License-Identifier: GPL-2.0-or-later
