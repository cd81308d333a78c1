-- Of SO7 40.00 were prepaid (SI6) and taken off again by the invoice of its goods (SI7); of another order's prepayment
-- 25.00 were given back (SC3).
INSERT INTO dbo."Sales Invoice Header" ("No_", "Order No_", "Order Date", "Posting Date") VALUES
  ('SI6', '', '2026-01-20', '2026-01-20'), ('SI7', 'SO7', '2026-01-20', '2026-01-28');
INSERT INTO dbo."Sales Invoice Line"
  ("Document No_", "Line No_", "Type", "No_", "Quantity (Base)", "Unit Price", "Amount", "Amount Including VAT", "Prepayment Line")
VALUES ('SI6', 10000, 1, '4191', 1, 40, 40, 48, 1), ('SI7', 10000, 2, 'A', 10, 10, 100, 120, 0),
  ('SI7', 20000, 1, '4191', -1, 40, -40, -48, 1);
INSERT INTO dbo."Sales Cr_Memo Header" ("No_", "Posting Date") VALUES ('SC3', '2026-01-29');
INSERT INTO dbo."Sales Cr_Memo Line"
  ("Document No_", "Line No_", "Type", "No_", "Quantity (Base)", "Unit Price", "Amount", "Amount Including VAT", "Prepayment Line")
VALUES ('SC3', 10000, 1, '4191', 1, 25, 25, 30, 1);
