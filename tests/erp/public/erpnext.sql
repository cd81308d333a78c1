-- ERPNext as its own source has it, with a small invented company. One case per trap. Read by DuckDB and by MariaDB (with
-- ANSI_QUOTES).
CREATE TABLE "tabCompany" (name VARCHAR(140), default_currency VARCHAR(140));
CREATE TABLE "tabCountry" (name VARCHAR(140), code VARCHAR(140));
CREATE TABLE "tabAddress" (name VARCHAR(140), country VARCHAR(140), modified DATETIME);
CREATE TABLE "tabCustomer" (
  name VARCHAR(140), customer_name VARCHAR(140), customer_type VARCHAR(140), customer_group VARCHAR(140),
  customer_primary_address VARCHAR(140), email_id VARCHAR(140), tax_id VARCHAR(140), disabled INT, creation DATETIME,
  modified DATETIME
);
CREATE TABLE "tabSupplier" (name VARCHAR(140), supplier_name VARCHAR(140), country VARCHAR(140));
CREATE TABLE "tabItem Group" (name VARCHAR(140), parent_item_group VARCHAR(140));
CREATE TABLE "tabItem" (
  name VARCHAR(140), item_code VARCHAR(140), item_name VARCHAR(140), variant_of VARCHAR(140), has_variants INT,
  item_group VARCHAR(140), brand VARCHAR(140), valuation_rate DECIMAL(21, 9), standard_rate DECIMAL(21, 9), disabled INT,
  creation DATETIME, modified DATETIME
);
CREATE TABLE "tabItem Barcode" (parent VARCHAR(140), barcode VARCHAR(140));
CREATE TABLE "tabItem Supplier" (parent VARCHAR(140), supplier VARCHAR(140));
CREATE TABLE "tabShipping Rule" (name VARCHAR(140), account VARCHAR(140));
CREATE TABLE "tabSales Taxes and Charges" (
  parenttype VARCHAR(140), parent VARCHAR(140), charge_type VARCHAR(140), account_head VARCHAR(140), tax_amount DECIMAL(21, 9)
);
CREATE TABLE "tabSales Order" (
  name VARCHAR(140), docstatus INT, status VARCHAR(140), customer VARCHAR(140), company VARCHAR(140), order_type VARCHAR(140),
  po_no VARCHAR(140), transaction_date DATE, delivery_date DATE, shipping_address_name VARCHAR(140),
  customer_address VARCHAR(140), currency VARCHAR(140), conversion_rate DECIMAL(21, 9), net_total DECIMAL(21, 9),
  total_taxes_and_charges DECIMAL(21, 9), grand_total DECIMAL(21, 9), per_delivered DECIMAL(21, 9), per_billed DECIMAL(21, 9),
  creation DATETIME, modified DATETIME
);
CREATE TABLE "tabSales Order Item" (
  name VARCHAR(140), parent VARCHAR(140), item_code VARCHAR(140), item_name VARCHAR(140), qty DECIMAL(21, 9),
  conversion_factor DECIMAL(21, 9), net_rate DECIMAL(21, 9), net_amount DECIMAL(21, 9), discount_percentage DECIMAL(21, 9),
  valuation_rate DECIMAL(21, 9), delivered_qty DECIMAL(21, 9), modified DATETIME
);
CREATE TABLE "tabSales Invoice" (
  name VARCHAR(140), docstatus INT, is_return INT, update_stock INT, customer VARCHAR(140), company VARCHAR(140),
  posting_date DATE, due_date DATE, currency VARCHAR(140), conversion_rate DECIMAL(21, 9), party_account_currency VARCHAR(140),
  net_total DECIMAL(21, 9), total_taxes_and_charges DECIMAL(21, 9), grand_total DECIMAL(21, 9),
  outstanding_amount DECIMAL(21, 9), modified DATETIME
);
CREATE TABLE "tabSales Invoice Item" (
  name VARCHAR(140), parent VARCHAR(140), item_code VARCHAR(140), qty DECIMAL(21, 9), conversion_factor DECIMAL(21, 9),
  net_amount DECIMAL(21, 9), sales_order VARCHAR(140), so_detail VARCHAR(140), modified DATETIME
);
CREATE TABLE "tabPayment Entry" (
  name VARCHAR(140), docstatus INT, payment_type VARCHAR(140), party_type VARCHAR(140), company VARCHAR(140), posting_date DATE,
  paid_from_account_currency VARCHAR(140), paid_to_account_currency VARCHAR(140), mode_of_payment VARCHAR(140), modified DATETIME
);
CREATE TABLE "tabPayment Entry Reference" (
  name VARCHAR(140), parent VARCHAR(140), reference_doctype VARCHAR(140), reference_name VARCHAR(140),
  allocated_amount DECIMAL(21, 9), modified DATETIME
);
CREATE TABLE "tabWarehouse" (name VARCHAR(140), warehouse_name VARCHAR(140), company VARCHAR(140), is_group INT);
CREATE TABLE "tabBin" (
  item_code VARCHAR(140), warehouse VARCHAR(140), actual_qty DECIMAL(21, 9), reserved_qty DECIMAL(21, 9), ordered_qty DECIMAL(21, 9)
);
CREATE TABLE "tabStock Entry" (name VARCHAR(140), purpose VARCHAR(140));
CREATE TABLE "tabStock Ledger Entry" (
  name VARCHAR(140), item_code VARCHAR(140), warehouse VARCHAR(140), company VARCHAR(140), posting_date DATE, posting_time TIME,
  actual_qty DECIMAL(21, 9), voucher_type VARCHAR(140), voucher_no VARCHAR(140), is_cancelled INT, modified DATETIME
);
CREATE TABLE "tabPurchase Order" (
  name VARCHAR(140), docstatus INT, status VARCHAR(140), supplier VARCHAR(140), company VARCHAR(140), transaction_date DATE,
  currency VARCHAR(140), modified DATETIME
);
CREATE TABLE "tabPurchase Order Item" (
  name VARCHAR(140), parent VARCHAR(140), item_code VARCHAR(140), warehouse VARCHAR(140), schedule_date DATE, qty DECIMAL(21, 9),
  received_qty DECIMAL(21, 9), conversion_factor DECIMAL(21, 9), net_rate DECIMAL(21, 9), modified DATETIME
);
CREATE TABLE "tabPurchase Receipt" (name VARCHAR(140), docstatus INT, posting_date DATE, is_return INT);
CREATE TABLE "tabPurchase Receipt Item" (parent VARCHAR(140), purchase_order_item VARCHAR(140));
CREATE TABLE "tabCurrency Exchange" (
  date DATE, from_currency VARCHAR(140), to_currency VARCHAR(140), exchange_rate DECIMAL(21, 9), for_selling INT
);

INSERT INTO "tabCompany" VALUES ('Démo', 'EUR'), ('Autre', 'USD');
INSERT INTO "tabCountry" VALUES ('France', 'fr'), ('Belgium', 'be'), ('Italy', 'it');
INSERT INTO "tabAddress" VALUES
  ('Café-Billing', 'France', '2024-05-03 09:00:00'), ('Café-Shipping', 'Belgium', '2024-05-03 09:00:00');
INSERT INTO "tabCustomer" VALUES
  ('Café Démo', 'Café Démo SARL', 'Company', 'Commercial', 'Café-Billing', 'achat@example.com', 'FR00123456789', 0, '2024-05-03 09:00:00', '2026-01-01 09:00:00'),
  ('Client 017', 'Client 017', 'Individual', 'Individual', NULL, '', NULL, 1, '2024-05-04 09:00:00', '2026-01-02 09:00:00');
INSERT INTO "tabSupplier" VALUES ('Poterie', 'Poterie du Lac', 'Italy');
INSERT INTO "tabItem Group" VALUES ('Thés', 'Épicerie'), ('Épicerie', NULL);
INSERT INTO "tabItem" VALUES
  ('A', 'A', 'Théière', NULL, 0, 'Thés', 'Lac', 6.5, 12, 0, '2024-01-01 09:00:00', '2026-01-01 09:00:00'),
  ('B', 'B', 'Bouilloire', NULL, 1, 'Épicerie', NULL, 0, 0, 0, '2024-01-01 09:00:00', '2026-01-01 09:00:00'),
  ('B-ROUGE', 'B-ROUGE', 'Bouilloire rouge', 'B', 0, 'Épicerie', '', 25, 50, 1, '2024-01-01 09:00:00', '2026-01-01 09:00:00');
INSERT INTO "tabItem Barcode" VALUES ('A', '3760000000017');
INSERT INTO "tabItem Supplier" VALUES ('A', 'Poterie');
INSERT INTO "tabShipping Rule" VALUES ('Colis', 'Port - D');

-- SO-1: a box of six at 10 % off, a variant, shipping 15; 2 of 3 boxes delivered. SO-2: in dollars. SO-3: a draft. SO-4 was
-- cancelled and amended into SO-4-1, which is closed. SO-9 is another company's.
INSERT INTO "tabSales Order" VALUES
  ('SO-1', 1, 'To Deliver and Bill', 'Café Démo', 'Démo', 'Sales', 'WEB-1', '2026-01-05', '2026-01-20', 'Café-Shipping', 'Café-Billing', 'EUR', 1, 240, 66, 306, 60, 0, '2026-01-05 10:00:00', '2026-01-06 10:00:00'),
  ('SO-2', 1, 'Completed', 'Client 017', 'Démo', 'Shopping Cart', '', '2026-01-08', NULL, NULL, 'Café-Billing', 'USD', 0.8, 100, 20, 120, 100, 100, '2026-01-08 10:00:00', '2026-01-09 10:00:00'),
  ('SO-3', 0, 'Draft', 'Café Démo', 'Démo', 'Sales', '', '2026-01-09', NULL, NULL, NULL, 'EUR', 1, 12, 2.4, 14.4, 0, 0, '2026-01-09 10:00:00', '2026-01-09 10:00:00'),
  ('SO-4', 2, 'Cancelled', 'Café Démo', 'Démo', 'Sales', '', '2026-01-10', NULL, NULL, NULL, 'EUR', 1, 24, 4.8, 28.8, 0, 0, '2026-01-10 10:00:00', '2026-01-10 11:00:00'),
  ('SO-4-1', 1, 'Closed', 'Café Démo', 'Démo', 'Sales', '', '2026-01-10', NULL, NULL, NULL, 'EUR', 1, 12, 2.4, 14.4, 100, 100, '2026-01-10 11:00:00', '2026-01-10 12:00:00'),
  ('SO-9', 1, 'To Deliver', 'Café Démo', 'Autre', 'Sales', '', '2026-01-10', NULL, NULL, NULL, 'USD', 1, 12, 2.4, 14.4, 0, 100, '2026-01-10 11:00:00', '2026-01-10 12:00:00');
INSERT INTO "tabSales Order Item" VALUES
  ('so1a', 'SO-1', 'A', 'Théière', 3, 6, 64.8, 194.4, 10, 6, 2, '2026-01-07 10:00:00'),
  ('so1b', 'SO-1', 'B-ROUGE', 'Bouilloire rouge', 1, 1, 45.6, 45.6, 0, 0, 0, '2026-01-06 10:00:00'),
  ('so2a', 'SO-2', 'A', 'Théière', 5, 1, 20, 100, 0, 6, 5, '2026-01-09 10:00:00'),
  ('so3a', 'SO-3', 'A', 'Théière', 1, 1, 12, 12, 0, 6, 0, '2026-01-09 10:00:00'),
  ('so4a', 'SO-4', 'A', 'Théière', 2, 1, 12, 24, 0, 6, 0, '2026-01-10 11:00:00'),
  ('so4b', 'SO-4-1', 'A', 'Théière', 1, 0, 12, 12, 100, 6, 1, '2026-01-10 12:00:00'),
  ('so9a', 'SO-9', 'A', 'Théière', 1, 1, 12, 12, 0, 6, 0, '2026-01-10 12:00:00');
INSERT INTO "tabSales Taxes and Charges" VALUES
  ('Sales Order', 'SO-1', 'Actual', 'Port - D', 15), ('Sales Order', 'SO-1', 'On Net Total', 'TVA - D', 51),
  ('Sales Order', 'SO-2', 'On Net Total', 'TVA - D', 20), ('Sales Invoice', 'SI-R', 'Actual', 'Port - D', -5),
  ('Sales Invoice', 'SI-1', 'Actual', 'Écotaxe - D', 3);

-- SI-1 of SO-1 with a tax of a fixed amount; SI-2 of SO-2, in dollars, owed in euro; SI-3 is a draft, SI-4 cancelled; SI-R
-- returns one piece of SO-2 to stock, with its shipping.
INSERT INTO "tabSales Invoice" VALUES
  ('SI-1', 1, 0, 0, 'Café Démo', 'Démo', '2026-01-15', '2026-02-14', 'EUR', 1, 'EUR', 64.8, 15.96, 80.76, 0, '2026-01-15 10:00:00'),
  ('SI-2', 1, 0, 0, 'Client 017', 'Démo', '2026-01-16', '2026-02-15', 'USD', 0.8, 'EUR', 100, 20, 120, 56, '2026-01-16 10:00:00'),
  ('SI-3', 0, 0, 0, 'Café Démo', 'Démo', '2026-01-17', '2026-02-16', 'EUR', 1, 'EUR', 12, 2.4, 14.4, 14.4, '2026-01-17 10:00:00'),
  ('SI-4', 2, 0, 0, 'Café Démo', 'Démo', '2026-01-18', '2026-02-17', 'EUR', 1, 'EUR', 12, 2.4, 14.4, 14.4, '2026-01-18 10:00:00'),
  ('SI-R', 1, 1, 1, 'Client 017', 'Démo', '2026-01-25', '2026-01-25', 'USD', 0.8, NULL, -20, -9, -29, -29, '2026-01-25 10:00:00');
INSERT INTO "tabSales Invoice Item" VALUES
  ('si1a', 'SI-1', 'A', 1, 6, 64.8, 'SO-1', 'so1a', '2026-01-15 10:00:00'), ('si2a', 'SI-2', 'A', 5, 1, 100, 'SO-2', 'so2a', '2026-01-16 10:00:00'),
  ('si3a', 'SI-3', 'A', 1, 1, 12, NULL, NULL, '2026-01-17 10:00:00'), ('si4a', 'SI-4', NULL, 1, 1, 12, '', '', '2026-01-18 10:00:00'),
  ('sira', 'SI-R', 'A', -1, 1, -20, 'SO-2', 'so2a', '2026-01-25 10:00:00');
INSERT INTO "tabPayment Entry" VALUES
  ('PE-1', 1, 'Receive', 'Customer', 'Démo', '2026-02-05', 'EUR', 'EUR', 'Virement', '2026-02-05 10:00:00'),
  ('PE-2', 2, 'Receive', 'Customer', 'Démo', '2026-02-06', 'EUR', 'EUR', 'Virement', '2026-02-06 10:00:00'),
  ('PE-3', 1, 'Receive', 'Customer', 'Démo', '2026-02-06', 'EUR', 'EUR', NULL, '2026-02-06 10:00:00'),
  ('PE-4', 1, 'Pay', 'Supplier', 'Démo', '2026-02-06', 'EUR', 'EUR', NULL, '2026-02-06 10:00:00');
INSERT INTO "tabPayment Entry Reference" VALUES
  ('pe1a', 'PE-1', 'Sales Invoice', 'SI-1', 80.76, '2026-02-05 10:00:00'), ('pe1b', 'PE-1', 'Sales Invoice', 'SI-2', 40, '2026-02-05 10:00:00'),
  ('pe2a', 'PE-2', 'Sales Invoice', 'SI-2', 40, '2026-02-06 10:00:00'), ('pe3a', 'PE-3', 'Sales Order', 'SO-1', 50, '2026-02-06 10:00:00'),
  ('pe4a', 'PE-4', 'Purchase Invoice', 'PI-1', 50, '2026-02-06 10:00:00');

INSERT INTO "tabWarehouse" VALUES ('Stock - D', 'Stock', 'Démo', 0), ('Tous - D', 'Tous', 'Démo', 1), ('Stock - A', 'Stock', 'Autre', 0);
INSERT INTO "tabBin" VALUES ('A', 'Stock - D', 40, 6, 20), ('B-ROUGE', 'Stock - D', 3, 0, 0), ('A', 'Stock - A', 9, 0, 0);
INSERT INTO "tabStock Entry" VALUES ('STE-1', 'Material Transfer'), ('STE-2', 'Manufacture');
INSERT INTO "tabStock Ledger Entry" VALUES
  ('SLE-1', 'A', 'Stock - D', 'Démo', '2026-01-02', '09:30:00', 40, 'Purchase Receipt', 'PR-1', 0, '2026-01-02 09:30:00'),
  ('SLE-2', 'A', 'Stock - D', 'Démo', '2026-01-12', '10:00:00', -5, 'Delivery Note', 'DN-1', 0, '2026-01-12 10:00:00'),
  ('SLE-3', 'A', 'Stock - D', 'Démo', '2026-01-25', '10:00:00', 1, 'Sales Invoice', 'SI-R', 0, '2026-01-25 10:00:00'),
  ('SLE-4', 'A', 'Stock - D', 'Démo', '2026-01-26', '10:00:00', -1, 'Stock Reconciliation', 'SR-1', 0, '2026-01-26 10:00:00'),
  ('SLE-5', 'A', 'Stock - D', 'Démo', '2026-01-26', '10:00:00', -9, 'Delivery Note', 'DN-2', 1, '2026-01-26 10:00:00'),
  ('SLE-6', 'B-ROUGE', 'Stock - D', 'Démo', '2026-01-27', '10:00:00', 2, 'Stock Entry', 'STE-1', 0, '2026-01-27 10:00:00'),
  ('SLE-7', 'B-ROUGE', 'Stock - D', 'Démo', '2026-01-28', '10:00:00', 1, 'Stock Entry', 'STE-2', 0, '2026-01-28 10:00:00');
INSERT INTO "tabPurchase Order" VALUES
  ('PO-1', 1, 'To Receive and Bill', 'Poterie', 'Démo', '2026-01-02', 'EUR', '2026-01-09 10:00:00'), ('PO-2', 2, 'Cancelled', 'Poterie', 'Démo', '2026-01-03', 'EUR', '2026-01-03 10:00:00');
INSERT INTO "tabPurchase Order Item" VALUES
  ('po1a', 'PO-1', 'A', 'Stock - D', '2026-01-30', 2, 1.2, 10, 60, '2026-01-09 10:00:00'), ('po2a', 'PO-2', 'A', 'Stock - D', NULL, 8, 0, 1, 6, '2026-01-03 10:00:00');
INSERT INTO "tabPurchase Receipt" VALUES ('PR-1', 1, '2026-01-09', 0), ('PR-2', 2, '2026-01-10', 0), ('PR-3', 1, '2026-01-21', 1);
INSERT INTO "tabPurchase Receipt Item" VALUES ('PR-1', 'po1a'), ('PR-2', 'po1a'), ('PR-3', 'po1a');
INSERT INTO "tabCurrency Exchange" VALUES
  ('2026-01-01', 'USD', 'EUR', 0.8, 1), ('2026-01-01', 'USD', 'EUR', 0.81, 0), ('2026-01-01', 'EUR', 'USD', 1.25, 1), ('2026-01-02', 'USD', 'EUR', 0.79, 0);
