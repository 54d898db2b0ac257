namespace IsoCatalog.Appliance.Configuration;

/// <summary>What a caller may do. Ordered: each role may do everything that the ones before it may.</summary>
public enum Role
{
    /// <summary>Read what can be mounted, take leases, mount and eject.</summary>
    Panel,

    /// <summary>Add, remove, restore and describe images; see jobs, transfers and drift.</summary>
    Operator,

    /// <summary>Everything, including trust and blocks.</summary>
    Admin,
}
