"""The figures of a shop from its marts and from the truth of its database, in the same columns."""

from __future__ import annotations

from pathlib import Path

import duckdb

SALES = """
SELECT month, currency,
  count(DISTINCT order_id) AS orders, count(DISTINCT basket) AS baskets,
  coalesce(sum(quantity) FILTER (WHERE kind = 'sale'), 0) AS units,
  coalesce(sum(net) FILTER (WHERE kind = 'sale'), 0) AS net,
  sum(net) FILTER (WHERE kind <> 'refund') AS total_net
FROM (SELECT *, strftime(date, '%Y-%m') AS month FROM mart.sales WHERE kind <> 'refund')
GROUP BY month, currency ORDER BY month, currency
"""

# Free-shipping vouchers are a discount in the truth's files and less shipping in the model.
TRUE_SALES = """
SELECT s.month, s.currency, CAST(s.orders AS BIGINT) AS orders, CAST(s.baskets AS BIGINT) AS baskets, CAST(s.units AS DECIMAL(18, 6)) AS units,
  CAST(s.goods_net AS DECIMAL(18, 6)) - CAST(s.discount_net AS DECIMAL(18, 6)) + coalesce(f.free, 0) AS net,
  CAST(s.total_net AS DECIMAL(18, 6)) AS total_net
FROM read_csv('{folder}/monthly_sales.csv', all_varchar = true) AS s
LEFT JOIN ({free}) AS f ON f.month = s.month AND f.currency = s.currency
ORDER BY s.month, s.currency
"""

FREE = """
SELECT strftime(CAST(o.date_add AS TIMESTAMP), '%Y-%m') AS month, o.currency,
  sum(CAST(r.value_tax_excl AS DECIMAL(18, 6))) AS free
FROM read_csv('{folder}/order_cart_rules.csv', all_varchar = true) AS r
JOIN read_csv('{folder}/orders.csv', all_varchar = true) AS o ON o.id_order = r.id_order
WHERE r.free_shipping = '1' AND o.id_order IN ({sales})
GROUP BY ALL
"""

REFUNDS = """
SELECT strftime(date, '%Y-%m') AS month, currency,
  -coalesce(sum(net) FILTER (WHERE product_id IS NOT NULL), 0) AS goods_net,
  -coalesce(sum(net) FILTER (WHERE product_id IS NULL), 0) AS shipping_net
FROM mart.sales WHERE kind = 'refund' GROUP BY month, currency ORDER BY month, currency
"""

TRUE_REFUNDS = """
SELECT month, currency, CAST(goods_net AS DECIMAL(18, 6)) AS goods_net, CAST(shipping_net AS DECIMAL(18, 6)) AS shipping_net
FROM read_csv('{folder}/monthly_refunds.csv', all_varchar = true) ORDER BY month, currency
"""

CREDIT = """
SELECT strftime(order_date, '%Y-%m') AS month, currency, sum(store_credit_net) AS credit
FROM core.orders WHERE is_sale AND _deleted_at IS NULL GROUP BY month, currency HAVING credit <> 0 ORDER BY month, currency
"""

TRUE_CREDIT = """
SELECT month, currency, CAST(store_credit_net AS DECIMAL(18, 6)) AS credit
FROM read_csv('{folder}/monthly_sales.csv', all_varchar = true)
WHERE CAST(store_credit_net AS DECIMAL(18, 6)) <> 0 ORDER BY month, currency
"""

STOCK = """
SELECT product_id, variant_id, warehouse_id, on_hand FROM mart.inventory ORDER BY ALL
"""

TRUE_STOCK = """
WITH s AS (SELECT * FROM read_csv('{folder}/stock_availables.csv', all_varchar = true))
SELECT id_product AS product_id, CASE WHEN id_product_attribute = '0' THEN '' ELSE id_product_attribute END AS variant_id,
  CASE WHEN (SELECT count(DISTINCT id_shop) > 1 FROM s) THEN id_shop ELSE '' END AS warehouse_id,
  CAST(quantity AS DECIMAL(18, 6)) AS on_hand
FROM s WHERE id_product_attribute <> '0'
  OR NOT EXISTS (SELECT 1 FROM s AS v WHERE v.id_product = s.id_product AND v.id_product_attribute <> '0')
ORDER BY ALL
"""

PAIRS = {"sales": (SALES, TRUE_SALES), "refunds": (REFUNDS, TRUE_REFUNDS), "credit": (CREDIT, TRUE_CREDIT),
         "stock": (STOCK, TRUE_STOCK)}  # fmt: skip


def ours(warehouse: Path, figure: str) -> list[tuple[object, ...]]:
    """The figure as the marts give it."""
    with duckdb.connect(str(warehouse), read_only=True) as connection:
        return connection.execute(PAIRS[figure][0]).fetchall()


def true(folder: Path, figure: str, *, free_shipping_is_told: bool = True) -> list[tuple[object, ...]]:
    """The same figure from the database's own rows."""
    sales = f"SELECT id_order FROM read_csv('{folder}/orders.csv', all_varchar = true) WHERE {_is_sale(folder)}"
    free = FREE.format(folder=folder, sales=sales)
    if not free_shipping_is_told:
        free = "SELECT NULL AS month, NULL AS currency, NULL AS free WHERE FALSE"
    with duckdb.connect() as connection:
        return connection.execute(PAIRS[figure][1].format(folder=folder, free=free)).fetchall()


def _is_sale(folder: Path) -> str:
    """The rule of FACTS.md on the truth's own columns: logable now, or refunded and logable once."""
    was_sale = (
        f"SELECT h.id_order FROM read_csv('{folder}/order_histories.csv', all_varchar = true) AS h "
        f"JOIN read_csv('{folder}/order_states.csv', all_varchar = true) AS s ON s.id_order_state = h.id_order_state "
        "WHERE s.logable = '1'"
    )
    return f"state_is_sale = '1' OR (current_state = '7' AND id_order IN ({was_sale}))"
