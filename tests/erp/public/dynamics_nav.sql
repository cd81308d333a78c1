-- Dynamics NAV as the public facts have it, with a small invented company. One case per trap. The test puts the company's
-- name before each table's and the application's id after it.
CREATE SCHEMA dbo;
CREATE TABLE dbo."Customer" (
  "No_" VARCHAR, "Name" VARCHAR, "Country_Region Code" VARCHAR DEFAULT '', "VAT Registration No_" VARCHAR DEFAULT '',
  "E-Mail" VARCHAR DEFAULT '', "Blocked" INTEGER DEFAULT 0
);
CREATE TABLE dbo."Vendor" ("No_" VARCHAR, "Name" VARCHAR, "Country_Region Code" VARCHAR DEFAULT '');
CREATE TABLE dbo."Location" ("Code" VARCHAR, "Name" VARCHAR, "Country_Region Code" VARCHAR DEFAULT '');
CREATE TABLE dbo."Item" (
  "No_" VARCHAR, "Description" VARCHAR, "Item Category Code" VARCHAR DEFAULT '', "Vendor No_" VARCHAR DEFAULT '',
  "Unit Cost" DECIMAL(38, 20), "Unit Price" DECIMAL(38, 20), "Blocked" INTEGER DEFAULT 0
);
CREATE TABLE dbo."Item Category" ("Code" VARCHAR, "Description" VARCHAR);
CREATE TABLE dbo."Item Variant" ("Item No_" VARCHAR, "Code" VARCHAR, "Description" VARCHAR);
CREATE TABLE dbo."Sales Header" (
  "Document Type" INTEGER DEFAULT 1, "No_" VARCHAR, "Sell-to Customer No_" VARCHAR DEFAULT 'C1',
  "External Document No_" VARCHAR DEFAULT '', "Order Date" TIMESTAMP, "Currency Code" VARCHAR DEFAULT '',
  "Currency Factor" DECIMAL(38, 20) DEFAULT 0, "Salesperson Code" VARCHAR DEFAULT '',
  "Ship-to Country_Region Code" VARCHAR DEFAULT '', "Promised Delivery Date" TIMESTAMP DEFAULT '1753-01-01',
  "Prices Including VAT" INTEGER DEFAULT 0, "timestamp" BIGINT DEFAULT 1000
);
CREATE TABLE dbo."Sales Line" (
  "Document Type" INTEGER DEFAULT 1, "Document No_" VARCHAR, "Line No_" INTEGER, "Location Code" VARCHAR DEFAULT 'BLEU',
  "Qty_ Shipped (Base)" DECIMAL(38, 20) DEFAULT 0, "Outstanding Qty_ (Base)" DECIMAL(38, 20) DEFAULT 0,
  "Line Amount" DECIMAL(38, 20), "Type" INTEGER DEFAULT 2, "No_" VARCHAR DEFAULT 'A', "Variant Code" VARCHAR DEFAULT '', "Description" VARCHAR DEFAULT 'Théière',
  "Quantity (Base)" DECIMAL(38, 20), "Qty_ per Unit of Measure" DECIMAL(38, 20) DEFAULT 1, "Unit Price" DECIMAL(38, 20) DEFAULT 12,
  "Unit Cost (LCY)" DECIMAL(38, 20) DEFAULT 6, "Line Discount Amount" DECIMAL(38, 20) DEFAULT 0, "Amount" DECIMAL(38, 20),
  "Amount Including VAT" DECIMAL(38, 20), "VAT _" DECIMAL(38, 20) DEFAULT 20, "timestamp" BIGINT DEFAULT 1000
);
CREATE TABLE dbo."Sales Invoice Header" ("Order No_" VARCHAR DEFAULT '', "Order Date" TIMESTAMP DEFAULT '1753-01-01', "No_" VARCHAR, "Sell-to Customer No_" VARCHAR DEFAULT 'C1', "Bill-to Customer No_" VARCHAR DEFAULT 'C1',
  "External Document No_" VARCHAR DEFAULT '', "Posting Date" TIMESTAMP, "Due Date" TIMESTAMP DEFAULT '1753-01-01',
  "Currency Code" VARCHAR DEFAULT '', "Currency Factor" DECIMAL(38, 20) DEFAULT 0, "Salesperson Code" VARCHAR DEFAULT '',
  "Ship-to Country_Region Code" VARCHAR DEFAULT '', "timestamp" BIGINT DEFAULT 1000);
CREATE TABLE dbo."Sales Invoice Line" (
  "Document No_" VARCHAR, "Line No_" INTEGER, "Shipment No_" VARCHAR DEFAULT '', "Shipment Line No_" INTEGER DEFAULT 0, "Type" INTEGER DEFAULT 2, "No_" VARCHAR DEFAULT 'A', "Variant Code" VARCHAR DEFAULT '', "Description" VARCHAR DEFAULT 'Théière',
  "Quantity (Base)" DECIMAL(38, 20), "Qty_ per Unit of Measure" DECIMAL(38, 20) DEFAULT 1, "Unit Price" DECIMAL(38, 20) DEFAULT 12,
  "Unit Cost (LCY)" DECIMAL(38, 20) DEFAULT 6, "Line Discount Amount" DECIMAL(38, 20) DEFAULT 0, "Amount" DECIMAL(38, 20),
  "Amount Including VAT" DECIMAL(38, 20), "VAT _" DECIMAL(38, 20) DEFAULT 20, "Prepayment Line" INTEGER DEFAULT 0,
  "timestamp" BIGINT DEFAULT 1000
);
CREATE TABLE dbo."Sales Cr_Memo Header" (
  "Applies-to Doc_ Type" INTEGER DEFAULT 0, "Applies-to Doc_ No_" VARCHAR DEFAULT '', "No_" VARCHAR, "Sell-to Customer No_" VARCHAR DEFAULT 'C1', "Bill-to Customer No_" VARCHAR DEFAULT 'C1',
  "External Document No_" VARCHAR DEFAULT '', "Posting Date" TIMESTAMP, "Due Date" TIMESTAMP DEFAULT '1753-01-01',
  "Currency Code" VARCHAR DEFAULT '', "Currency Factor" DECIMAL(38, 20) DEFAULT 0, "Salesperson Code" VARCHAR DEFAULT '',
  "Ship-to Country_Region Code" VARCHAR DEFAULT '', "timestamp" BIGINT DEFAULT 1000
);
CREATE TABLE dbo."Sales Cr_Memo Line" ("Document No_" VARCHAR, "Line No_" INTEGER, "Type" INTEGER DEFAULT 2, "No_" VARCHAR DEFAULT 'A', "Variant Code" VARCHAR DEFAULT '', "Description" VARCHAR DEFAULT 'Théière',
  "Quantity (Base)" DECIMAL(38, 20), "Qty_ per Unit of Measure" DECIMAL(38, 20) DEFAULT 1, "Unit Price" DECIMAL(38, 20) DEFAULT 12,
  "Unit Cost (LCY)" DECIMAL(38, 20) DEFAULT 6, "Line Discount Amount" DECIMAL(38, 20) DEFAULT 0, "Amount" DECIMAL(38, 20),
  "Amount Including VAT" DECIMAL(38, 20), "VAT _" DECIMAL(38, 20) DEFAULT 20, "Prepayment Line" INTEGER DEFAULT 0,
  "timestamp" BIGINT DEFAULT 1000);
CREATE TABLE dbo."Sales Shipment Header" ("No_" VARCHAR, "Order No_" VARCHAR, "Posting Date" TIMESTAMP);
CREATE TABLE dbo."Sales Shipment Line" ("Document No_" VARCHAR, "Line No_" INTEGER, "Order No_" VARCHAR);
CREATE TABLE dbo."Cust_ Ledger Entry" (
  "Entry No_" INTEGER, "Document Type" INTEGER, "Document No_" VARCHAR, "Open" INTEGER,
  "Closed at Date" TIMESTAMP DEFAULT '1753-01-01', "timestamp" BIGINT DEFAULT 1000
);
CREATE TABLE dbo."Detailed Cust_ Ledg_ Entry" (
  "Entry No_" INTEGER, "Cust_ Ledger Entry No_" INTEGER, "Entry Type" INTEGER, "Document Type" INTEGER,
  "Posting Date" TIMESTAMP, "Amount" DECIMAL(38, 20), "Currency Code" VARCHAR DEFAULT '', "Unapplied" INTEGER DEFAULT 0,
  "timestamp" BIGINT DEFAULT 1000
);
CREATE TABLE dbo."Item Ledger Entry" (
  "Entry No_" INTEGER, "Entry Type" INTEGER, "Item No_" VARCHAR DEFAULT 'A', "Variant Code" VARCHAR DEFAULT '',
  "Location Code" VARCHAR DEFAULT 'BLEU', "Posting Date" TIMESTAMP, "Quantity" DECIMAL(38, 20), "timestamp" BIGINT DEFAULT 1000
);
CREATE TABLE dbo."Purchase Header" (
  "Document Type" INTEGER DEFAULT 1, "No_" VARCHAR, "Buy-from Vendor No_" VARCHAR DEFAULT 'V1', "Order Date" TIMESTAMP,
  "Currency Code" VARCHAR DEFAULT '', "timestamp" BIGINT DEFAULT 1000
);
CREATE TABLE dbo."Purchase Line" (
  "Document Type" INTEGER DEFAULT 1, "Document No_" VARCHAR, "Line No_" INTEGER, "Type" INTEGER DEFAULT 2,
  "No_" VARCHAR DEFAULT 'A', "Variant Code" VARCHAR DEFAULT '', "Location Code" VARCHAR DEFAULT 'BLEU',
  "Expected Receipt Date" TIMESTAMP DEFAULT '1753-01-01', "Quantity (Base)" DECIMAL(38, 20),
  "Qty_ Received (Base)" DECIMAL(38, 20), "Outstanding Qty_ (Base)" DECIMAL(38, 20), "Direct Unit Cost" DECIMAL(38, 20),
  "Qty_ per Unit of Measure" DECIMAL(38, 20) DEFAULT 1, "timestamp" BIGINT DEFAULT 1000
);
CREATE TABLE dbo."Purch_ Rcpt_ Header" (
  "No_" VARCHAR, "Buy-from Vendor No_" VARCHAR DEFAULT 'V1', "Order Date" TIMESTAMP, "Posting Date" TIMESTAMP,
  "Currency Code" VARCHAR DEFAULT '', "timestamp" BIGINT DEFAULT 1000
);
CREATE TABLE dbo."Purch_ Rcpt_ Line" (
  "Document No_" VARCHAR, "Line No_" INTEGER, "Order No_" VARCHAR, "Type" INTEGER DEFAULT 2, "No_" VARCHAR DEFAULT 'A',
  "Variant Code" VARCHAR DEFAULT '', "Location Code" VARCHAR DEFAULT 'BLEU',
  "Expected Receipt Date" TIMESTAMP DEFAULT '1753-01-01', "Quantity (Base)" DECIMAL(38, 20),
  "Direct Unit Cost" DECIMAL(38, 20), "Qty_ per Unit of Measure" DECIMAL(38, 20) DEFAULT 1, "timestamp" BIGINT DEFAULT 1000
);
CREATE TABLE dbo."Currency Exchange Rate" (
  "Currency Code" VARCHAR, "Starting Date" TIMESTAMP, "Exchange Rate Amount" DECIMAL(38, 20),
  "Relational Exch_ Rate Amount" DECIMAL(38, 20)
);

INSERT INTO dbo."Customer" VALUES
  ('C1', 'Café Démo SARL', 'FR', 'FR00123456789', 'achat@example.com', 0), ('C2', 'Client 017', 'US', '', '', 3);
INSERT INTO dbo."Vendor" VALUES ('V1', 'Poterie du Lac', 'IT');
INSERT INTO dbo."Location" VALUES ('BLEU', 'Entrepôt bleu', 'FR');
INSERT INTO dbo."Item Category" VALUES ('THE', 'Thés');
INSERT INTO dbo."Item" VALUES ('A', 'Théière', 'THE', 'V1', 6, 12, 0), ('B', 'Bouilloire', '', '', 0, 50, 1);
INSERT INTO dbo."Item Variant" VALUES ('B', 'ROUGE', 'Bouilloire rouge');
INSERT INTO dbo."Currency Exchange Rate" VALUES ('USD', '2026-01-01', 1.25, 1), ('JPY', '2026-01-01', 0, 0);

-- SO1 is open, delivered and invoiced in part; a comment, a variant in boxes of six with a discount, a charge without item.
INSERT INTO dbo."Sales Header" ("No_", "External Document No_", "Order Date", "Salesperson Code", "Promised Delivery Date")
VALUES ('SO1', 'WEB-1', '2026-01-05', 'MJ', '2026-01-20');
INSERT INTO dbo."Sales Line"
  ("Document No_", "Line No_", "Type", "No_", "Variant Code", "Description", "Quantity (Base)", "Qty_ Shipped (Base)",
   "Outstanding Qty_ (Base)", "Qty_ per Unit of Measure", "Unit Price", "Unit Cost (LCY)", "Line Discount Amount",
   "Line Amount", "Amount", "Amount Including VAT")
VALUES ('SO1', 10000, 2, 'A', '', 'Théière', 10, 4, 6, 1, 12, 6, 0, 120, 120, 144),
       ('SO1', 20000, 0, '', '', 'Merci !', 0, 0, 0, 0, 0, 0, 0, 0, 0, 0),
       ('SO1', 30000, 2, 'B', 'ROUGE', 'Bouilloire', 12, 12, 0, 6, 60, 30, 12, 108, 108, 129.6),
       ('SO1', 40000, 1, '708500', '', 'Port', 1, 1, 0, 1, 15, 0, 0, 15, 15, 18);

-- SO4 is not released: its amounts are not computed. Neither are SO5's, whose prices have tax inside. A quote is named SO1.
INSERT INTO dbo."Sales Header" ("Document Type", "No_", "Order Date", "Prices Including VAT", "timestamp")
VALUES (1, 'SO4', '2026-01-06', 0, 900000), (1, 'SO5', '2026-01-07', 1, 1000), (0, 'SO1', '2026-01-04', 0, 1000),
       (5, 'RO1', '2026-01-04', 0, 1000);
INSERT INTO dbo."Sales Line" ("Document Type", "Document No_", "Line No_", "Quantity (Base)", "Line Amount", "Amount", "Amount Including VAT")
VALUES (1, 'SO4', 10000, 5, 50, 0, 0), (1, 'SO5', 10000, 5, 60, 0, 0), (0, 'SO1', 10000, 1, 12, 12, 14.4),
       (5, 'RO1', 10000, 1, 12, 12, 14.4);

-- SI1 is what is left of SO2, in dollars (1.25 for one euro). SI2 invoices a part of SO1. SI3 invoices what shipment SS3
-- delivered of SO3.
INSERT INTO dbo."Sales Invoice Header"
  ("No_", "Order No_", "Order Date", "Posting Date", "Due Date", "Sell-to Customer No_", "Bill-to Customer No_", "Currency Code",
   "Currency Factor", "Ship-to Country_Region Code")
VALUES ('SI1', 'SO2', '2026-01-08', '2026-01-15', '2026-02-14', 'C2', 'C1', 'USD', 1.25, 'CA'),
       ('SI2', 'SO1', '2026-01-05', '2026-01-16', '2026-02-15', 'C1', 'C1', '', 0, ''),
       ('SI3', '', '1753-01-01', '2026-01-17', '1753-01-01', 'C1', 'C1', '', 0, '');
INSERT INTO dbo."Sales Invoice Line"
  ("Document No_", "Line No_", "Shipment No_", "Shipment Line No_", "Type", "Quantity (Base)", "Unit Price", "Amount", "Amount Including VAT")
VALUES ('SI1', 10000, '', 0, 2, 5, 20, 100, 120), ('SI1', 20000, '', 0, 0, 0, 0, 0, 0),
       ('SI2', 10000, '', 0, 2, 4, 12, 48, 57.6), ('SI3', 10000, 'SS3', 10000, 2, 2, 12, 24, 28.8);
INSERT INTO dbo."Sales Shipment Header" VALUES ('SS1', 'SO2', '2026-01-12'), ('SS2', 'SO1', '2026-01-14'), ('SS3', 'SO3', '2026-01-13');
INSERT INTO dbo."Sales Shipment Line" VALUES ('SS3', 10000, 'SO3'), ('SS2', 10000, 'SO1');

-- SO6 is open, a half of it invoiced; somebody will remove it.
INSERT INTO dbo."Sales Header" ("No_", "Order Date") VALUES ('SO6', '2026-01-09');
INSERT INTO dbo."Sales Line" ("Document No_", "Line No_", "Quantity (Base)", "Line Amount", "Amount", "Amount Including VAT")
VALUES ('SO6', 10000, 2, 24, 24, 28.8);
INSERT INTO dbo."Sales Invoice Header" ("No_", "Order No_", "Order Date", "Posting Date") VALUES ('SI5', 'SO6', '2026-01-09', '2026-01-18');
INSERT INTO dbo."Sales Invoice Line" ("Document No_", "Line No_", "Quantity (Base)", "Amount", "Amount Including VAT")
VALUES ('SI5', 10000, 1, 12, 14.4);
INSERT INTO dbo."Cust_ Ledger Entry" VALUES (8, 2, 'SI5', 1, '1753-01-01', 1000);
INSERT INTO dbo."Detailed Cust_ Ledg_ Entry" VALUES (18, 8, 1, 2, '2026-01-18', 14.4, '', 0, 1000);

-- SC1 credits one of SI1's; SC2 stands alone.
INSERT INTO dbo."Sales Cr_Memo Header" ("No_", "Applies-to Doc_ Type", "Applies-to Doc_ No_", "Posting Date", "Currency Code", "Currency Factor")
VALUES ('SC1', 2, 'SI1', '2026-01-25', 'USD', 1.25), ('SC2', 0, '', '2026-01-26', '', 0);
INSERT INTO dbo."Sales Cr_Memo Line" ("Document No_", "Line No_", "Quantity (Base)", "Unit Price", "Amount", "Amount Including VAT")
VALUES ('SC1', 10000, 1, 20, 20, 24), ('SC2', 10000, 1, 12, 12, 14.4);

-- SI1 is paid in part, and a payment of 30 was taken back; SI2 is paid; SC2 was set off against SI3.
INSERT INTO dbo."Cust_ Ledger Entry" VALUES
  (1, 2, 'SI1', 1, '1753-01-01', 1000), (2, 2, 'SI2', 0, '2026-02-05', 1000), (3, 2, 'SI3', 1, '1753-01-01', 1000),
  (4, 3, 'SC1', 1, '1753-01-01', 1000), (5, 3, 'SC2', 0, '2026-01-27', 1000), (6, 1, 'P1', 0, '2026-02-05', 1000);
INSERT INTO dbo."Detailed Cust_ Ledg_ Entry" VALUES
  (1, 1, 1, 2, '2026-01-15', 120, 'USD', 0, 1000), (2, 1, 2, 1, '2026-02-04', -50, 'USD', 0, 900000),
  (3, 1, 2, 1, '2026-02-04', -30, 'USD', 1, 1000), (4, 1, 2, 1, '2026-02-04', 30, 'USD', 1, 1000),
  (5, 2, 1, 2, '2026-01-16', 57.6, '', 0, 1000), (6, 2, 2, 1, '2026-02-05', -57.6, '', 0, 1000),
  (7, 3, 1, 2, '2026-01-17', 28.8, '', 0, 1000), (8, 3, 2, 3, '2026-01-27', -14.4, '', 0, 1000),
  (9, 4, 1, 3, '2026-01-25', -24, 'USD', 0, 1000), (10, 5, 1, 3, '2026-01-26', -14.4, '', 0, 1000),
  (11, 5, 2, 3, '2026-01-27', 14.4, '', 0, 1000), (12, 6, 1, 1, '2026-02-05', -57.6, '', 0, 1000),
  (13, 6, 2, 1, '2026-02-05', 57.6, '', 0, 1000);

INSERT INTO dbo."Item Ledger Entry" ("Entry No_", "Entry Type", "Variant Code", "Item No_", "Posting Date", "Quantity", "timestamp")
VALUES (1, 0, '', 'A', '2026-01-02', 40, 1000), (2, 1, '', 'A', '2026-01-12', -5, 1000), (3, 1, '', 'A', '2026-01-26', 1, 1000),
       (4, 3, '', 'A', '2026-01-27', -2, 1000), (5, 4, 'ROUGE', 'B', '2026-01-28', 7, 900000);

-- PO1 is open, 12 of 20 came; PO2 is gone: its receipt is left.
INSERT INTO dbo."Purchase Header" ("No_", "Order Date") VALUES ('PO1', '2026-01-02');
INSERT INTO dbo."Purchase Line"
  ("Document No_", "Line No_", "Expected Receipt Date", "Quantity (Base)", "Qty_ Received (Base)", "Outstanding Qty_ (Base)",
   "Direct Unit Cost", "Qty_ per Unit of Measure")
VALUES ('PO1', 10000, '2026-01-30', 20, 12, 8, 60, 10);
INSERT INTO dbo."Purch_ Rcpt_ Header" ("No_", "Order Date", "Posting Date") VALUES ('PR1', '2026-01-02', '2026-01-09'), ('PR2', '2026-01-03', '2026-01-10');
INSERT INTO dbo."Purch_ Rcpt_ Line" ("Document No_", "Line No_", "Order No_", "Quantity (Base)", "Direct Unit Cost", "timestamp")
VALUES ('PR1', 10000, 'PO1', 12, 6, 1000), ('PR2', 10000, 'PO2', 8, 6.5, 900000);
