"""`toolkit data list`."""

from __future__ import annotations

from toolkit.cli.options import Common, without_prices
from toolkit.cli.terminal import show


@without_prices
def list_(*, common: Common) -> None:
    """Every table and source: rows, newest date, publication date, age against its release interval, licence."""
    from toolkit.app.data.places import package_folder
    from toolkit.records.lists import DataList
    from toolkit.report.topics.data import data as document

    context = common.context()
    found = DataList(
        as_of=context.as_of.isoformat(),
        package=str(package_folder(context.settings)),
        data=context.snapshot.provenance(),
        weaknesses=context.weaknesses,
    )
    if context.store is not None:
        from toolkit.app.data.store import stored

        found = found.model_copy(update={"store": stored(context.store, context.today)})
    show(common, found, document)
