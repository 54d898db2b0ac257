using Xunit;

namespace IsoCatalog.IntegrationTests;

/// <summary>
/// Tests that hold real clients, whole fleets or hostile peers to time limits: one after another and with the machine to themselves, because a limit that is
/// missed for want of a processor says nothing about the product.
/// </summary>
[CollectionDefinition(DisableParallelization = true)]
public sealed class WholeMachine;
