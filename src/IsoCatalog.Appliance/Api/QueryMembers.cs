using System.Globalization;
using System.Reflection;
using System.Runtime.CompilerServices;
using IsoCatalog.Core.Catalog;
using Microsoft.AspNetCore.Mvc;

namespace IsoCatalog.Appliance.Api;

/// <summary>
/// What may stand in the query of a call: what its handler takes from there, each once. Anything else is refused, because a filter that is misspelt and passed over widens a list, and a member that stands in
/// the wrong place does nothing.
/// </summary>
internal static class QueryMembers
{
    private const int MaxShown = 100;

    private static readonly ConditionalWeakTable<Endpoint, IReadOnlyList<ParameterInfo>> Known = [];

    /// <summary>In words what is wrong; null for nothing, and where the call is none of the API.</summary>
    public static string? Objection(HttpContext http)
    {
        if (http.Request.Query.Count == 0 || Of(http) is not { } known)
        {
            return null;
        }

        foreach (var (name, values) in http.Request.Query)
        {
            if (known.FirstOrDefault(k => string.Equals(k.Name, name, StringComparison.OrdinalIgnoreCase)) is not { } member)
            {
                return $"'{ShownText.Cut(name, MaxShown)}' is nothing that this call takes in its query. "
                    + (known.Count == 0 ? "It takes nothing there." : $"It takes {string.Join(", ", known.Select(k => k.Name))}.");
            }

            if (values.Count > 1)
            {
                return $"{ShownText.Cut(name, MaxShown)} stands {values.Count} times in the query; give it once.";
            }

            if (!IsReadable(member.ParameterType, values.ToString()))
            {
                return $"{member.Name} is '{ShownText.Cut(values.ToString(), MaxShown)}'; it must be {MemberWords.Of(member.ParameterType)}.";
            }
        }

        return null;
    }

    private static bool IsReadable(Type type, string text) => (Nullable.GetUnderlyingType(type) ?? type) is var plain
        && (plain == typeof(string) || (plain == typeof(bool) ? bool.TryParse(text, out _) : int.TryParse(text, NumberStyles.Integer, CultureInfo.InvariantCulture, out _)));

    /// <summary>Null for what is none of the API's calls: probes and pages may be asked with anything.</summary>
    private static IReadOnlyList<ParameterInfo>? Of(HttpContext http) =>
        http.GetEndpoint() is RouteEndpoint endpoint && endpoint.Metadata.GetMetadata<ApiCall>() is not null ? Known.GetValue(endpoint, static e => Read((RouteEndpoint)e)) : null;

    private static IReadOnlyList<ParameterInfo> Read(RouteEndpoint endpoint) =>
    [
        .. (endpoint.Metadata.GetMetadata<MethodInfo>()?.GetParameters() ?? []).Where(p => p.GetCustomAttribute<FromQueryAttribute>() is not null
            || (IsPlain(Nullable.GetUnderlyingType(p.ParameterType) ?? p.ParameterType) && endpoint.RoutePattern.GetParameter(p.Name!) is null)),
    ];

    private static bool IsPlain(Type type) => type == typeof(string) || type == typeof(int) || type == typeof(bool);
}

/// <summary>Metadata of an endpoint: it is a call of the API, and its query is looked at.</summary>
internal sealed record ApiCall;
