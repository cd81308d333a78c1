-- Later: SO-1 is delivered in full, the draft SO-3 is deleted, SI-2 is paid, a delivery is cancelled, PO-1 arrives; the customer moves.
UPDATE "tabAddress" SET country = 'Italy', modified = '2026-02-12 10:00:00' WHERE name = 'Café-Billing';
UPDATE "tabSales Order Item" SET delivered_qty = 3, modified = '2026-02-12 10:00:00' WHERE name = 'so1a';
UPDATE "tabSales Order Item" SET delivered_qty = 1, modified = '2026-02-12 10:00:00' WHERE name = 'so1b';
UPDATE "tabSales Order" SET per_delivered = 100, status = 'To Bill', modified = '2026-02-12 10:00:00' WHERE name = 'SO-1';
DELETE FROM "tabSales Order" WHERE name = 'SO-3';
DELETE FROM "tabSales Order Item" WHERE parent = 'SO-3';
UPDATE "tabSales Invoice" SET outstanding_amount = 0 WHERE name = 'SI-2';
INSERT INTO "tabPayment Entry" VALUES ('PE-5', 1, 'Receive', 'Customer', 'Démo', '2026-02-12', 'EUR', 'EUR', 'Virement', '2026-02-12 10:00:00');
INSERT INTO "tabPayment Entry Reference" VALUES ('pe5a', 'PE-5', 'Sales Invoice', 'SI-2', 56, '2026-02-12 10:00:00');
UPDATE "tabStock Ledger Entry" SET is_cancelled = 1, modified = '2026-02-12 10:00:00' WHERE name = 'SLE-2';
UPDATE "tabPurchase Order Item" SET received_qty = 2, modified = '2026-02-12 10:00:00' WHERE name = 'po1a';
INSERT INTO "tabPurchase Receipt" VALUES ('PR-4', 1, '2026-02-12', 0);
INSERT INTO "tabPurchase Receipt Item" VALUES ('PR-4', 'po1a');
