"""`toolkit data list`."""

from __future__ import annotations

from toolkit.cli.options import Common, without_prices
from toolkit.cli.terminal import show


@without_prices
def list_(*, common: Common) -> None:
    """Every table and source: rows, newest date, publication date, age against its release interval, licence."""
    from toolkit.app.data.places import package_folder
    from toolkit.report.answers.lists import data as document

    context = common.context()
    records = [provenance.to_json() for provenance in context.snapshot.provenance()]
    told = {"as_of": context.as_of.isoformat(), "package": str(package_folder(context.settings)), "data": records}
    told["weaknesses"] = dict(context.weaknesses)
    store = None
    if context.store is not None:
        from toolkit.app.data.store import stored

        store = stored(context.store, context.today)
        told["store"] = store.to_json()
    show(common, lambda: told, lambda say: document(records, context.as_of, say, store))
