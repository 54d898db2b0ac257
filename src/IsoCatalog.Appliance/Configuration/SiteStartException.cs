namespace IsoCatalog.Appliance.Configuration;

/// <summary>The site cannot start, or not go on; the message says what, where, and what to do. Nothing was changed.</summary>
internal sealed class SiteStartException(string code, string message, Exception? inner = null) : Exception(message, inner)
{
    /// <summary>Stable, lower case; printed with <c>--json</c>.</summary>
    public string Code { get; } = code;
}
