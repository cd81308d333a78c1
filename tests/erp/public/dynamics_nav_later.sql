-- Later: SO1 is posted in full and therefore gone; SI1 is paid; SO6 is removed; PO1 arrives and is gone; one piece is lost.
DELETE FROM dbo."Sales Line" WHERE "Document No_" = 'SO1';
DELETE FROM dbo."Sales Header" WHERE "No_" = 'SO1';
INSERT INTO dbo."Sales Invoice Header" ("No_", "Order No_", "Order Date", "Posting Date", "timestamp")
VALUES ('SI4', 'SO1', '2026-01-05', '2026-02-10', 1000001);
INSERT INTO dbo."Sales Invoice Line"
  ("Document No_", "Line No_", "No_", "Variant Code", "Quantity (Base)", "Qty_ per Unit of Measure", "Unit Price", "Amount", "Amount Including VAT", "timestamp")
VALUES ('SI4', 10000, 'A', '', 6, 1, 12, 72, 86.4, 1000002), ('SI4', 30000, 'B', 'ROUGE', 12, 6, 60, 108, 129.6, 1000003);
INSERT INTO dbo."Cust_ Ledger Entry" VALUES (7, 2, 'SI4', 1, '1753-01-01', 1000004);
INSERT INTO dbo."Detailed Cust_ Ledg_ Entry" VALUES
  (14, 7, 1, 2, '2026-02-10', 216, '', 0, 1000005), (15, 1, 2, 1, '2026-02-11', -70, 'USD', 0, 1000006);
UPDATE dbo."Cust_ Ledger Entry" SET "Open" = 0, "Closed at Date" = '2026-02-11', "timestamp" = 1000007 WHERE "Entry No_" = 1;
-- SO6 is removed by hand: nothing else says that its old invoice is now all there is of it.
DELETE FROM dbo."Sales Line" WHERE "Document No_" = 'SO6';
DELETE FROM dbo."Sales Header" WHERE "No_" = 'SO6';
DELETE FROM dbo."Purchase Line";
DELETE FROM dbo."Purchase Header";
INSERT INTO dbo."Purch_ Rcpt_ Header" VALUES ('PR3', 'V1', '2026-01-02', '2026-02-10', '', 1000008);
INSERT INTO dbo."Purch_ Rcpt_ Line" ("Document No_", "Line No_", "Order No_", "Quantity (Base)", "Direct Unit Cost", "timestamp")
VALUES ('PR3', 10000, 'PO1', 8, 6, 1000008);
INSERT INTO dbo."Item Ledger Entry" ("Entry No_", "Entry Type", "Posting Date", "Quantity", "timestamp") VALUES (6, 3, '2026-02-10', -1, 1000009);
