using IsoCatalog.Appliance.Access;
using IsoCatalog.Appliance.Configuration;
using IsoCatalog.Appliance.Reload;
using IsoCatalog.Client;
using IsoCatalog.Core.Readiness;

namespace IsoCatalog.Appliance.Api;

/// <summary>Has the site read its configuration again.</summary>
internal static class ReloadEndpoint
{
    /// <summary>Problems that are told in full; a file has more than these only if it is another file.</summary>
    private const int Most = 20;

    public static void Map(RouteGroupBuilder api) => api.MapPost("/reload", Run)
        .WithTags("operator")
        .RequireRole(Role.Admin)
        .WithSummary("Read the configuration and the certificates again")
        .WithDescription(
            "Answers once what can be taken at a running site holds, with the keys that were taken, and every change that needs a restart. A file with a mistake changes nothing.")
        .Produces<ReloadView>().Refuses(422);

    private static IResult Run(SiteReload reload) => reload.Run() switch
    {
        ReloadOutcome.Done done => TypedResults.Json(
            new ReloadView(done.File, done.Taken, [.. done.NeedRestart.Select(p => new ConfigurationChange(p.Path, p.Line, p.Column, p.Message))]), ApiJson.Readable.ReloadView),
        ReloadOutcome.Refused refused => SiteApi.Refused(new Refusal(
            RefusalCode.ConfigurationRefused,
            string.Join('\n', refused.Problems.Take(Most).Select(problem => problem.Describe(refused.File)))
            + (refused.Problems.Count > Most ? $"\nAnd {refused.Problems.Count - Most} more." : "") + "\nNothing was changed.")),
        _ => throw new System.Diagnostics.UnreachableException(),
    };
}
