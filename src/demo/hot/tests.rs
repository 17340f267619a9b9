//! Tables of what the evaluator makes of templates.
