"""The evaluation harness: does it answer rightly, cite exactly, and abstain when it must?"""
