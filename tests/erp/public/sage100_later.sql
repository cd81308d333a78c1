-- A few days later: a line of BC1 is delivered (its header stays for the other one), the quote is gone, the rest of FA3
-- is paid, a purchase arrives, an article goes to sleep.
UPDATE dbo.F_DOCLIGNE SET DO_Type = 3, DO_Piece = rpad('BL9', 13, ' '), DL_PieceBC = rpad('BC1', 13, ' '),
  DO_Date = '2026-02-08', DL_DateBC = '2026-01-05', cbModification = '2026-02-12 11:00:00' WHERE DL_No = 1;
DELETE FROM dbo.F_DOCLIGNE WHERE DL_No = 10;
-- The tenth piece of BC5 comes after all: the row of the other nine, which nobody touched, is a part from now on.
INSERT INTO dbo.F_DOCLIGNE
  (DL_No, DO_Type, DO_Piece, DL_PieceBC, DO_Date, DL_DateBC, CT_Num, AR_Ref, DL_Qte, DL_QteBC, DL_MontantHT, DL_MontantTTC,
   cbModification)
VALUES (40, 3, rpad('BL11', 13, ' '), rpad('BC5', 13, ' '), '2026-02-12', '2026-01-13', rpad('C1', 17, ' '), rpad('A', 19, ' '),
        1, 10, 12, 14.4, '2026-02-13 09:00:00');
-- The header of what was paid does not say so.
UPDATE dbo.F_DOCENTETE SET DO_MontantRegle = 22.8 WHERE RTRIM(DO_Piece) = 'FA3';
INSERT INTO dbo.F_CREGLEMENT VALUES (4, '2026-02-09', 1, '2026-02-13 10:00:00');
INSERT INTO dbo.F_REGLECH VALUES (5, 4, 0, 6, rpad('FA3', 13, ' '), 12.8, '2026-02-13 10:00:00');
UPDATE dbo.F_DOCLIGNE SET DO_Type = 13, DO_Piece = rpad('BF1', 13, ' '), DL_PieceBC = rpad('CF1', 13, ' '),
  DO_Date = '2026-02-09', DL_DateBC = '2026-01-02', cbModification = '2026-02-13 12:00:00' WHERE DL_No = 30;
UPDATE dbo.F_ARTICLE SET AR_Sommeil = 1 WHERE RTRIM(AR_Ref) = 'A';
