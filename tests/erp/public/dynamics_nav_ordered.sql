-- Five of a kettle that was never in stock are on order.
INSERT INTO dbo."Purchase Header" ("No_", "Order Date") VALUES ('PO9', '2026-02-01');
INSERT INTO dbo."Purchase Line"
  ("Document No_", "Line No_", "No_", "Quantity (Base)", "Qty_ Received (Base)", "Outstanding Qty_ (Base)", "Direct Unit Cost")
VALUES ('PO9', 10000, 'B', 5, 0, 5, 25);
