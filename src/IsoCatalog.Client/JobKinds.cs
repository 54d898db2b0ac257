namespace IsoCatalog.Client;

/// <summary>What a job is about; its progress is counted in bytes, but for an alias in surfaces where its image is available.</summary>
public static class JobKinds
{
    public const string Alias = "alias";

    public static bool IsAlias(this JobView job) => job.Kind == Alias;
}
