"""What XTuner makes of rows, without XTuner: its map functions, V1's templates, and the faults that they meet."""
