"""Templates have a place in lists.

Revision: 0002, after 0001.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Applies the revision."""
    op.add_column("template", sa.Column("sort_key", sa.Integer(), nullable=False, server_default="0"))


def downgrade() -> None:
    """Takes it back."""
    with op.batch_alter_table("template") as table:
        table.drop_column("sort_key")
