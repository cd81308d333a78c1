-- Which customer records are the same person?
-- Grain: a customer record of a source. person: what all records of a person share; person_source, person_id: its oldest record,
-- under which the marts count it.
WITH records AS (
  -- The same person in two sources is one customer: by an explicit link, else by the hash of the e-mail address.
  SELECT
    c.source, c.customer_id, c.kind, c.customer_group, c.company, c.created_at,
    CASE
      WHEN s.customer_id IS NOT NULL THEN coalesce(s.email_hash, s.source || '/' || s.customer_id)
      ELSE coalesce(c.email_hash, c.source || '/' || c.customer_id)
    END AS person
  FROM core.customers AS c
  LEFT JOIN core.customers AS s ON s.source = c.same_as_source AND s.customer_id = c.same_as_customer_id
)

SELECT
  source, customer_id, kind, customer_group, company, person,
  first_value(source) OVER (PARTITION BY person ORDER BY created_at NULLS LAST, source, customer_id) AS person_source,
  first_value(customer_id) OVER (PARTITION BY person ORDER BY created_at NULLS LAST, source, customer_id) AS person_id
FROM records
