-- Whether a trial was passed is HR's: the board, which everybody in HR's system sees, has no business with findings.
revoke select on ops.resource_findings from trainloop_board;
