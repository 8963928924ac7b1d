-- Keys that a laptop made were in escrow at its box alone and would have died with it: those of grids are given again.

UPDATE key SET escrowed = 0 WHERE audience GLOB '*/g*';
