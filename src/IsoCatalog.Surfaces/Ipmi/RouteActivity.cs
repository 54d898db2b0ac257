namespace IsoCatalog.Surfaces.Ipmi;

/// <summary>What was read through a lease since this process started.</summary>
/// <param name="Requests">HEADs and GETs that were answered from the file.</param>
/// <param name="Bytes">Of the file, handed to the network.</param>
/// <param name="LastReadAt">Null if nobody has read yet. Silence is not release: an idle CD makes no traffic.</param>
public readonly record struct RouteActivity(long Requests, long Bytes, DateTimeOffset? LastReadAt);
