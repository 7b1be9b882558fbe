// Each test runs a cluster of real processes and looks at how soon it answers: one at a time.
[assembly: CollectionBehavior(DisableTestParallelization = true)]
