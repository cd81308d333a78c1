-- Which channel brings visits, orders and margin, and what does it cost?
-- Grain: date, market, channel_group, source_medium and campaign. sessions to purchases, web_*: as GA4 counts them (market: the
-- visitor's country); is_estimated: sampled, thresholded or cut short there. ad_cost_base: GA4 tells it by source and campaign
-- alone; where that ran in several markets it is allotted by their sessions to the millionth (cost_is_allotted), without any
-- session it has no market. orders, baskets, net_base, refunds_base (of these orders, whenever they were refunded), margin_base,
-- contribution_base (before advertising), new_customers: real orders that GA4's transaction ids match, by the order's day and
-- market. matchable_orders, matched_orders: baskets of the web shop on days that GA4 tells of, and those of them that match;
-- those that do not stand in a row without a channel. ad_orders, ad_net_base, ad_refunds_base: the same, of rows with an
-- advertising cost alone, 0 in the others: what a cost per order and a return on ad spend are of.
WITH visits AS (
  SELECT
    t.date, CASE WHEN length(t.country) = 2 THEN t.country END AS market, t.channel_group, t.source_medium, t.campaign,
    sum(t.sessions) AS sessions, sum(t.engaged_sessions) AS engaged_sessions, sum(t.item_views) AS item_views,
    sum(t.add_to_carts) AS add_to_carts, sum(t.checkouts) AS checkouts, sum(t.purchases) AS purchases,
    sum(CAST(round(
      CAST(t.revenue_gross AS DECIMAL(38, 6)) * CASE WHEN t.currency = :currency THEN 1 ELSE r.rate END, 6
    ) AS DECIMAL(18, 6))) AS web_revenue_base,
    sum(CAST(round(
      CAST(t.revenue_refunded AS DECIMAL(38, 6)) * CASE WHEN t.currency = :currency THEN 1 ELSE r.rate END, 6
    ) AS DECIMAL(18, 6))) AS web_refunded_base,
    bool_or(t.is_estimated) AS is_estimated
  FROM core.traffic AS t
  LEFT JOIN mart.rates AS r ON r.currency = t.currency AND r.date = t.date
  WHERE t._deleted_at IS NULL
  GROUP BY t.date, CASE WHEN length(t.country) = 2 THEN t.country END, t.channel_group, t.source_medium, t.campaign
),

-- In millionths of the reporting currency, so that shares are whole numbers.
costs AS (
  SELECT
    a.date, a.source_medium, a.campaign,
    sum(CAST(round(
      CAST(a.cost AS DECIMAL(38, 6)) * CASE WHEN a.currency = :currency THEN 1 ELSE r.rate END, 6
    ) * 1000000 AS HUGEINT)) AS millionths
  FROM core.ad_costs AS a
  LEFT JOIN mart.rates AS r ON r.currency = a.currency AND r.date = a.date
  WHERE a._deleted_at IS NULL
  GROUP BY a.date, a.source_medium, a.campaign
),

shared AS (
  SELECT
    v.date, v.market, v.channel_group, v.source_medium, v.campaign, v.sessions, c.millionths,
    c.all_sessions, c.rows_in_it,
    c.millionths * CAST(v.sessions AS HUGEINT) // CAST(c.all_sessions AS HUGEINT) AS share,
    c.millionths * CAST(v.sessions AS HUGEINT) % CAST(c.all_sessions AS HUGEINT) AS remainder
  FROM visits AS v
  JOIN (
    SELECT
      k.date, k.source_medium, k.campaign, k.millionths, sum(s.sessions) AS all_sessions, count(*) AS rows_in_it
    FROM costs AS k
    JOIN visits AS s ON s.date = k.date AND s.source_medium = k.source_medium AND s.campaign = k.campaign
    WHERE s.sessions > 0
    GROUP BY k.date, k.source_medium, k.campaign, k.millionths
  ) AS c ON c.date = v.date AND c.source_medium = v.source_medium AND c.campaign = v.campaign
  WHERE v.sessions > 0
),

-- What the shares leave goes to the largest remainders, a millionth each.
allotted AS (
  SELECT
    date, market, channel_group, source_medium, campaign, rows_in_it > 1 AS cost_is_allotted,
    share + CASE
      WHEN row_number() OVER (
        PARTITION BY date, source_medium, campaign ORDER BY remainder DESC, market, channel_group
      ) <= millionths - sum(share) OVER (PARTITION BY date, source_medium, campaign) THEN 1 ELSE 0
    END AS millionths
  FROM shared
),

costs_without_visits AS (
  SELECT c.date, c.source_medium, c.campaign, c.millionths
  FROM costs AS c
  LEFT JOIN (
    SELECT date, source_medium, campaign FROM shared GROUP BY date, source_medium, campaign
  ) AS s ON s.date = c.date AND s.source_medium = c.source_medium AND s.campaign = c.campaign
  WHERE s.date IS NULL
),

-- All orders of a basket come from one visit, or none does. Baskets count once, and so do new customers: they have one first.
places AS (
  SELECT
    date, market, channel_group, source_medium, campaign, is_matched, order_sequence,
    row_number() OVER (
      PARTITION BY date, market, channel_group, source_medium, campaign, source, basket ORDER BY order_id
    ) AS place,
    row_number() OVER (
      PARTITION BY date, market, channel_group, source_medium, campaign, source, basket, customer_source, customer_id
      ORDER BY order_id
    ) AS customer_place
  FROM core.split_orders
  WHERE is_matchable
),

bought AS (
  SELECT
    date, market, channel_group, source_medium, campaign, orders, orders AS baskets, net_base, refunds_base, margin_base,
    cost_known_net_base, contribution_base, first_orders AS new_customers, matchable_orders
  FROM core.visit_sums
  UNION ALL
  SELECT
    date, market, channel_group, source_medium, campaign, 0, -count(*) FILTER (WHERE is_matched AND place > 1), 0, 0, 0, 0, 0,
    -count(*) FILTER (WHERE is_matched AND order_sequence = 1 AND customer_place > 1), -count(*) FILTER (WHERE place > 1)
  FROM places
  GROUP BY date, market, channel_group, source_medium, campaign
),

parts AS (
  SELECT
    date, market, channel_group, source_medium, campaign, sessions, engaged_sessions, item_views, add_to_carts, checkouts,
    purchases, web_revenue_base, web_refunded_base, is_estimated, 0 AS millionths, FALSE AS cost_is_allotted,
    0 AS orders, 0 AS baskets, 0 AS net_base, 0 AS refunds_base, 0 AS margin_base, 0 AS cost_known_net_base,
    0 AS contribution_base, 0 AS new_customers, 0 AS matchable_orders
  FROM visits
  UNION ALL
  SELECT
    date, market, channel_group, source_medium, campaign, 0, 0, 0, 0, 0, 0, 0, 0, FALSE, millionths, cost_is_allotted,
    0, 0, 0, 0, 0, 0, 0, 0, 0
  FROM allotted
  UNION ALL
  SELECT
    date, NULL, NULL, source_medium, campaign, 0, 0, 0, 0, 0, 0, 0, 0, FALSE, millionths, FALSE,
    0, 0, 0, 0, 0, 0, 0, 0, 0
  FROM costs_without_visits
  UNION ALL
  SELECT
    date, market, channel_group, source_medium, campaign, 0, 0, 0, 0, 0, 0, 0, 0, FALSE, 0, FALSE,
    orders, baskets, net_base, refunds_base, margin_base, cost_known_net_base, contribution_base, new_customers,
    matchable_orders
  FROM bought
)

SELECT
  date, market, channel_group, source_medium, campaign,
  CAST(sum(sessions) AS BIGINT) AS sessions, CAST(sum(engaged_sessions) AS BIGINT) AS engaged_sessions,
  CAST(sum(item_views) AS BIGINT) AS item_views, CAST(sum(add_to_carts) AS BIGINT) AS add_to_carts,
  CAST(sum(checkouts) AS BIGINT) AS checkouts, CAST(sum(purchases) AS BIGINT) AS purchases,
  CAST(sum(web_revenue_base) AS DECIMAL(18, 6)) AS web_revenue_base,
  CAST(sum(web_refunded_base) AS DECIMAL(18, 6)) AS web_refunded_base,
  bool_or(is_estimated) AS is_estimated,
  CAST(CAST(sum(millionths) AS DECIMAL(38, 0)) * 0.000001 AS DECIMAL(18, 6)) AS ad_cost_base,
  bool_or(cost_is_allotted) AS cost_is_allotted,
  CAST(sum(orders) AS BIGINT) AS orders, CAST(sum(baskets) AS BIGINT) AS baskets,
  CAST(coalesce(sum(net_base), 0) AS DECIMAL(18, 6)) AS net_base,
  CAST(coalesce(sum(refunds_base), 0) AS DECIMAL(18, 6)) AS refunds_base,
  CAST(coalesce(sum(margin_base), 0) AS DECIMAL(18, 6)) AS margin_base,
  CAST(coalesce(sum(cost_known_net_base), 0) AS DECIMAL(18, 6)) AS cost_known_net_base,
  CAST(coalesce(sum(contribution_base), 0) AS DECIMAL(18, 6)) AS contribution_base,
  CAST(sum(new_customers) AS BIGINT) AS new_customers,
  CAST(sum(matchable_orders) AS BIGINT) AS matchable_orders, CAST(sum(baskets) AS BIGINT) AS matched_orders,
  CAST(CASE WHEN sum(millionths) > 0 THEN sum(orders) ELSE 0 END AS BIGINT) AS ad_orders,
  CAST(CASE WHEN sum(millionths) > 0 THEN coalesce(sum(net_base), 0) ELSE 0 END AS DECIMAL(18, 6)) AS ad_net_base,
  CAST(CASE WHEN sum(millionths) > 0 THEN coalesce(sum(refunds_base), 0) ELSE 0 END AS DECIMAL(18, 6)) AS ad_refunds_base
FROM parts
GROUP BY date, market, channel_group, source_medium, campaign
