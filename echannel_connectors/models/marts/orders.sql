-- How does each order stand: its value, its refunds, how fast it was shipped and paid?
-- Grain: one order that counts as a sale. net_base: sale rows; shipping_base: shipping and rounding rows; refunds_base <= 0.
-- margin_base: of the sale rows whose cost is known; refunds_margin_base (<= 0): what refunds take back of it, and of shipping.
-- total_*: the document's own, in its currency; tax: of its rows. days_to_ship, days_to_pay: days after date, in the company's time zone; open_value_base: the net of what is not
-- delivered yet, of a line in part by its pieces. fees_base, shipping_cost_base, packaging_base: what the company's cost_rules say the order cost, 0 where they
-- say nothing; a rule's rate is of what was paid (fees; store credit is not) or of the goods' net. is_matchable: a web order of a day that GA4 tells of; is_matched: GA4 knows it (transaction_id);
-- matchable_orders, matched_orders: the same as numbers, a basket once. order_hour: in the company's time zone.
WITH money AS (
  SELECT
    source, order_id,
    sum(quantity) FILTER (WHERE kind = 'sale') AS units,
    sum(net) FILTER (WHERE kind = 'sale') AS net,
    sum(tax) FILTER (WHERE kind <> 'refund') AS tax,
    sum(net_base) FILTER (WHERE kind = 'sale') AS net_base,
    sum(net_base) FILTER (WHERE kind = 'refund') AS refunds_base,
    sum(net_base) FILTER (WHERE kind IN ('shipping', 'rounding')) AS shipping_base,
    sum(tax_base) FILTER (WHERE kind = 'sale') AS tax_base,
    sum(discount_base) FILTER (WHERE kind = 'sale') AS discount_base,
    sum(cost_base) FILTER (WHERE kind = 'sale') AS cost_base,
    sum(margin_base) FILTER (WHERE kind = 'sale') AS margin_base,
    sum(CASE WHEN product_id IS NULL THEN net_base ELSE margin_base END) FILTER (WHERE kind = 'refund') AS refunds_margin_base,
    sum(cost_known_net_base) FILTER (WHERE kind = 'sale') AS cost_known_net_base,
    -- What nothing delivers (NULL: a service, a free line) is neither missing nor waited for.
    bool_and(delivered_quantity >= quantity) FILTER (WHERE kind = 'sale') AS in_full,
    -- Of a line that was delivered in part, the part of its pieces that was not, in whole millionths.
    sum(CASE
      WHEN delivered_quantity = 0 THEN net_base
      WHEN delivered_quantity > 0 AND delivered_quantity < quantity THEN CAST(CAST(
        CAST(net_base * 1000000 AS HUGEINT) * CAST((quantity - delivered_quantity) * 1000000 AS HUGEINT)
        // CAST(quantity * 1000000 AS HUGEINT) AS DECIMAL(38, 0)
      ) * 0.000001 AS DECIMAL(18, 6))
    END) FILTER (WHERE kind = 'sale') AS open_base
  FROM mart.sales
  WHERE order_id IS NOT NULL
  GROUP BY source, order_id
  HAVING count(*) > 0 -- always so; but DuckDB takes them for fewer then, and holds these in memory instead of whole orders
),

-- From each rule's day until the next one for the same: in the reporting currency, the most telling rule first: for this
-- payment method, carrier or channel, then for this market, then for all ('').
rules AS (
  SELECT
    kind, applies_to, valid_from, fixed_amount, rate, coalesce(currency, :currency) AS currency,
    lead(valid_from) OVER (PARTITION BY kind, applies_to ORDER BY valid_from) AS valid_until
  FROM core.cost_rules
  WHERE _deleted_at IS NULL
),

subjects AS (
  SELECT 'payment_fee' AS kind, coalesce(payment_method, '') AS word, coalesce(market, '') AS market, order_date
  FROM core.sold_orders GROUP BY payment_method, market, order_date
  UNION ALL
  SELECT 'shipping', coalesce(carrier, ''), coalesce(market, ''), order_date
  FROM core.sold_orders GROUP BY carrier, market, order_date
  UNION ALL
  SELECT 'packaging', coalesce(channel, ''), coalesce(market, ''), order_date
  FROM core.sold_orders GROUP BY channel, market, order_date
),

charged AS (
  SELECT
    s.kind, s.word, s.market, s.order_date, coalesce(r.rate, 0) AS rate,
    CAST(round(
      CAST(coalesce(r.fixed_amount, 0) AS DECIMAL(38, 6))
      * CASE WHEN r.currency = :currency OR coalesce(r.fixed_amount, 0) = 0 THEN 1 ELSE f.rate END, 6
    ) AS DECIMAL(18, 6)) AS fixed_base
  FROM subjects AS s
  JOIN rules AS r
    ON r.kind = s.kind AND r.applies_to IN (s.word, s.market, '')
    AND s.order_date >= r.valid_from AND s.order_date < coalesce(r.valid_until, DATE '9999-12-31')
  LEFT JOIN mart.rates AS f ON f.currency = r.currency AND f.date = s.order_date
  QUALIFY row_number() OVER (
    PARTITION BY s.kind, s.word, s.market, s.order_date
    ORDER BY CASE r.applies_to WHEN '' THEN 2 WHEN s.word THEN 0 ELSE 1 END
  ) = 1
),

facts AS (
  SELECT
    source, order_id, order_date, store, channel, market, currency, fx_rate AS rate, order_reference, basket, customer_source,
    customer_id, customer_kind, customer_status, customer_group, company, sales_rep, order_sequence, transaction_id,
    channel_group, source_medium, campaign, transaction_id IS NOT NULL AS is_matched,
    transaction_id IS NOT NULL OR is_on_the_web AS is_matchable, is_first_of_basket, total_net, total_tax, total_gross,
    store_credit_net, store_credit_gross, status, source_status, payment_method, carrier, ordered_at, paid_at, shipped_at,
    delivered_at, promised_at, CAST(extract(hour FROM timezone(:time_zone, ordered_at)) AS BIGINT) AS order_hour
  FROM core.sold_orders
)

SELECT
  o.order_date AS date, o.source, o.store, o.channel, o.market, o.currency,
  o.rate AS fx_rate,
  o.order_id, o.order_reference, o.basket, o.status, o.source_status,
  o.customer_source, o.customer_id, o.customer_kind, o.customer_status,
  o.customer_group, o.company, o.sales_rep, o.order_sequence, o.transaction_id, o.channel_group, o.source_medium,
  o.campaign, o.payment_method, o.carrier, o.order_hour,
  CAST(m.units AS DECIMAL(18, 6)) AS units, CAST(m.net AS DECIMAL(18, 6)) AS net,
  o.total_net, o.total_tax, o.total_gross, CAST(m.tax AS DECIMAL(18, 6)) AS tax,
  CAST(m.net_base AS DECIMAL(18, 6)) AS net_base,
  CAST(coalesce(m.refunds_base, 0) AS DECIMAL(18, 6)) AS refunds_base,
  CAST(coalesce(m.shipping_base, 0) AS DECIMAL(18, 6)) AS shipping_base,
  CAST(m.tax_base AS DECIMAL(18, 6)) AS tax_base, CAST(m.discount_base AS DECIMAL(18, 6)) AS discount_base,
  CAST(m.cost_base AS DECIMAL(18, 6)) AS cost_base, CAST(m.margin_base AS DECIMAL(18, 6)) AS margin_base,
  CAST(coalesce(m.refunds_margin_base, 0) AS DECIMAL(18, 6)) AS refunds_margin_base,
  CAST(m.cost_known_net_base AS DECIMAL(18, 6)) AS cost_known_net_base,
  CAST(round(CAST(o.store_credit_net AS DECIMAL(38, 6)) * o.rate, 6) AS DECIMAL(18, 6)) AS store_credit_base,
  CAST(coalesce(p.fixed_base + round(round(
    CAST(o.total_gross - coalesce(o.store_credit_gross, 0) AS DECIMAL(38, 6)) * o.rate, 6
  ) * p.rate, 6), 0) AS DECIMAL(18, 6)) AS fees_base,
  CAST(coalesce(h.fixed_base + round(CAST(coalesce(m.net_base, 0) AS DECIMAL(38, 6)) * h.rate, 6), 0) AS DECIMAL(18, 6)) AS shipping_cost_base,
  CAST(coalesce(g.fixed_base + round(CAST(coalesce(m.net_base, 0) AS DECIMAL(38, 6)) * g.rate, 6), 0) AS DECIMAL(18, 6)) AS packaging_base,
  date_diff('day', o.order_date, CAST(timezone(:time_zone, o.shipped_at) AS DATE)) AS days_to_ship,
  date_diff('day', o.order_date, CAST(timezone(:time_zone, o.paid_at) AS DATE)) AS days_to_pay,
  coalesce(o.delivered_at, o.shipped_at) <= o.promised_at AS on_time,
  m.in_full,
  o.status IN ('confirmed') AS is_open,
  CASE WHEN o.status = 'confirmed'
    THEN CAST(coalesce(m.open_base, 0) AS DECIMAL(18, 6)) ELSE 0
  END AS open_value_base,
  o.is_matchable, o.is_matched,
  CAST(CASE WHEN o.is_matchable AND o.is_first_of_basket THEN 1 ELSE 0 END AS BIGINT) AS matchable_orders,
  CAST(CASE WHEN o.is_matched AND o.is_first_of_basket THEN 1 ELSE 0 END AS BIGINT) AS matched_orders
FROM facts AS o
JOIN money AS m ON m.source = o.source AND m.order_id = o.order_id
LEFT JOIN charged AS p
  ON p.kind = 'payment_fee' AND p.word = coalesce(o.payment_method, '') AND p.market = coalesce(o.market, '')
  AND p.order_date = o.order_date
LEFT JOIN charged AS h
  ON h.kind = 'shipping' AND h.word = coalesce(o.carrier, '') AND h.market = coalesce(o.market, '')
  AND h.order_date = o.order_date
LEFT JOIN charged AS g
  ON g.kind = 'packaging' AND g.word = coalesce(o.channel, '') AND g.market = coalesce(o.market, '')
  AND g.order_date = o.order_date
