using Xunit;

// Whole sites wait for each other more than they work: three tests at once keep two processors busy.
[assembly: Xunit.v3.Parallelization(MaxThreads = 3)]

namespace IsoCatalog.IntegrationTests;

/// <summary>
/// Tests that hold real clients, hostile peers or the product's own promises to time limits of seconds: one after another and with the machine to themselves,
/// because a limit that is missed for want of a processor says nothing about the product.
/// </summary>
[CollectionDefinition(DisableParallelization = true)]
public sealed class WholeMachine;
