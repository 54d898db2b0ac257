using IsoCatalog.Appliance.Configuration;
using IsoCatalog.Appliance.Events;

namespace IsoCatalog.Appliance.Reload;

/// <summary>What came of reading the file again.</summary>
internal abstract record ReloadOutcome
{
    private ReloadOutcome()
    {
    }

    /// <param name="Taken">The keys whose change holds now; empty when nothing changed that can be taken.</param>
    /// <param name="NeedRestart">Every change that does not hold, with its place in the file.</param>
    public sealed record Done(string File, IReadOnlyList<string> Taken, IReadOnlyList<ConfigurationProblem> NeedRestart) : ReloadOutcome;

    /// <summary>Nothing was changed.</summary>
    public sealed record Refused(string File, IReadOnlyList<ConfigurationProblem> Problems) : ReloadOutcome;
}

/// <summary>
/// Takes a changed file, or changed certificates, while the site runs. What cannot be taken is named, and drift until it was put right. One at a time.
/// </summary>
internal sealed class SiteReload(LiveConfiguration live, ListenerCertificates certificates, SiteAlarms alarms, EventLog events, TimeProvider time, ILogger<SiteReload> log)
{
    private const int Named = 5;

    private readonly Lock _gate = new();

    /// <summary>Reads the file that the site was started with.</summary>
    public ReloadOutcome Run()
    {
        lock (_gate)
        {
            var file = live.Now.File;
            if (file.Length == 0)
            {
                return Refuse("the configuration", [new ConfigurationProblem(0, 0, "", "This site was started without a file.")]);
            }

            var result = ConfigurationFile.Load(file);
            if (result is not ConfigurationResult.Loaded loaded)
            {
                return Refuse(file, ((ConfigurationResult.Invalid)result).Problems);
            }

            if (HostCheck.Run(loaded, time.GetUtcNow()) is { Count: > 0 } problems)
            {
                return Refuse(file, problems);
            }

            var plan = ReloadPlan.Of(live.Now, loaded);
            try
            {
                certificates.Take(plan.Next.Tls);
            }
            catch (SiteStartException e)
            {
                return Refuse(file, [new ConfigurationProblem(0, 0, "tls", e.Message)]);
            }

            // By the level that held until now.
            Log.Reloaded(log, file, Listed(plan.Taken));
            live.Replace(plan.Next);
            alarms.Set(SiteAlarms.ConfigurationRefused, null);
            alarms.Set(SiteAlarms.CertificateRefused, null);
            alarms.Set(SiteAlarms.RestartNeeded, plan.NeedRestart.Count == 0
                ? null
                : $"Changes of the configuration wait for a restart of the site: {Short(file, plan.NeedRestart)} Restart it (systemctl restart isocatalog), or take them back and reload.");
            foreach (var waiting in plan.NeedRestart)
            {
                Log.NeedsRestart(log, waiting.Describe(file));
            }

            events.Add("configuration", $"The configuration was read again. Taken: {Listed(plan.Taken)}. Waiting for a restart: {Listed([.. plan.NeedRestart.Select(p => p.Path)])}.");
            return new ReloadOutcome.Done(file, plan.Taken, plan.NeedRestart);
        }
    }

    /// <summary>Reads the certificates' files again, and nothing else.</summary>
    /// <returns>False when they cannot be used: those before are shown on.</returns>
    public bool TakeCertificates()
    {
        lock (_gate)
        {
            var tls = live.Now.Tls;
            if (Unusable(tls) is { } why)
            {
                Log.CertificateRefused(log, why);
                alarms.Set(SiteAlarms.CertificateRefused, $"A certificate of a listener was changed, and is not taken; the one before is shown on. {why}");
                return false;
            }

            alarms.Set(SiteAlarms.CertificateRefused, null);
            Log.CertificatesTaken(log);
            events.Add("configuration", "Changed certificates of the listeners were taken.");
            return true;
        }
    }

    /// <summary>Shows them where they can be used; otherwise says why they cannot.</summary>
    private string? Unusable(TlsConfiguration tls)
    {
        if (HostCheck.OfCertificates(tls, time.GetUtcNow()) is { Count: > 0 } problems)
        {
            return string.Join(" ", problems.Select(problem => $"{problem.Path}: {problem.Message}"));
        }

        try
        {
            certificates.Take(tls);
            return null;
        }
        catch (SiteStartException e)
        {
            return e.Message;
        }
    }

    private ReloadOutcome.Refused Refuse(string file, IReadOnlyList<ConfigurationProblem> problems)
    {
        foreach (var problem in problems)
        {
            Log.NotReloaded(log, problem.Describe(file));
        }

        alarms.Set(SiteAlarms.ConfigurationRefused, $"The changed configuration is not taken, and nothing was changed: {Short(file, problems)} Correct it, and reload again (systemctl reload isocatalog).");
        return new ReloadOutcome.Refused(file, problems);
    }

    private static string Listed(IReadOnlyList<string> keys) => keys.Count == 0 ? "nothing" : string.Join(", ", keys);

    private static string Short(string file, IReadOnlyList<ConfigurationProblem> problems) =>
        string.Join(" ", problems.Take(Named).Select(problem => problem.Describe(Path.GetFileName(file))))
        + (problems.Count > Named ? $" And {problems.Count - Named} more: isocatalog check-config {file}." : "");
}
