-- How many of GA4's transactions does each way of matching match?
-- Grain: a pair of GA4 and a shop, and what was told of the order (its id or its reference); matches: orders, transactions: of GA4.
SELECT web_source, source, told, count(*) AS matches, count(DISTINCT transaction_id) AS transactions
FROM core.web_matches
GROUP BY web_source, source, told
