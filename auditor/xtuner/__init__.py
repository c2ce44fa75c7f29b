"""XTuner before and after training: configurations read without running them, checks, evaluation outputs."""
