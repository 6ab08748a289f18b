"""What came of the events of the online store, each of which redeems one purchase link."""

from __future__ import annotations

from expertsupport_cli.model.certificates import Redemption
from expertsupport_cli.store.engine import Statements


class Redemptions(Statements):
    def redemption(self, event_id: str) -> Redemption | None:
        """What came of an event, or None if there was none with this ID."""
        row = self.row("SELECT event_id, link, request, refused FROM redemptions WHERE event_id = ?", event_id)
        return Redemption(**row) if row else None

    def add_redemption(self, redemption: Redemption) -> None:
        self.change(
            "INSERT INTO redemptions (link, event_id, request, refused) VALUES (?, ?, ?, ?)",
            redemption.link,
            redemption.event_id,
            redemption.request,
            redemption.refused,
        )

    def forget_redemption(self, link: int) -> None:
        """Forget the event that has redeemed a link, which is unused again."""
        self.change("DELETE FROM redemptions WHERE link = ?", link)
