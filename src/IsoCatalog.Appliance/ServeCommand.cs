using System.CommandLine;
using System.Text.Json;
using IsoCatalog.Appliance.Commands;
using IsoCatalog.Appliance.Configuration;
using IsoCatalog.Appliance.Store;
using IsoCatalog.Surfaces.Files;
using IsoCatalog.Surfaces.Ovirt;

namespace IsoCatalog.Appliance;

/// <summary><c>isocatalog serve</c>: runs a site until it is told to stop. The one verb that is more than a caller of a site, so it stands beside <see cref="SiteHost"/>.</summary>
internal static class ServeCommand
{
    public static Command Build(CommandDefaults defaults)
    {
        var config = new Option<string>("--config")
        {
            HelpName = "FILE",
            Description = $"The configuration. Default: $ISOCATALOG_CONFIG, else {DefaultPaths.Configuration}.",
            DefaultValueFactory = _ => defaults.Config,
        };
        var json = new Option<bool>("--json") { Description = "If it cannot start, say why as a JSON object on stderr." };
        var open = new Option<bool>("--open-on-loopback")
        {
            Description = "Clients on this machine need no token. For trying things out only.",
        };
        var report = new Option<bool>("--report-addresses")
        {
            Description = "Print one line of JSON with the addresses once the site is up.",
            Hidden = true,
        };
        var leash = new Option<bool>("--until-stdin-closes")
        {
            Description = "Stop when standard input ends: a parent that dies takes the site with it.",
            Hidden = true,
        };
        var pace = new Option<int>("--engine-pace")
        {
            Description = "Ask oVirt engines this many times as often, and give up on them as much sooner: for simulated ones.",
            Hidden = true,
            DefaultValueFactory = _ => 1,
        };
        var command = new Verb(
            "serve",
            "Run this site until SIGTERM or Ctrl-C.",
            "isocatalog serve --config /etc/isocatalog/site.yaml")
        {
            config, json, open, report, leash, pace,
        };
        command.SetAction((parsed, cancellationToken) => RunAsync(
            parsed.GetRequiredValue(config),
            new SiteHostOptions(parsed.GetValue(open)) { Time = defaults.Time, Engines = new EngineTiming().Faster(Math.Max(1, parsed.GetValue(pace))) },
            parsed.GetValue(json),
            parsed.GetValue(report),
            parsed.GetValue(leash),
            cancellationToken));
        return command;
    }

    private static async Task<int> RunAsync(
        string path, SiteHostOptions options, bool json, bool report, bool leash, CancellationToken cancellationToken)
    {
        // Before anything else is opened: with too few files the first thing that fails is some library.
        if (new FileNeed(OpenFiles.Limit, Images: 0).Problem is { } none)
        {
            return Refuse(FileNeed.TooFew, none, json);
        }

        var result = ConfigurationFile.Load(path);
        if (result is not ConfigurationResult.Loaded loaded)
        {
            return StartReport.Print(((ConfigurationResult.Invalid)result).Problems, path);
        }

        if (FileNeed.Of(loaded.Configuration, OpenFiles.Limit).Problem is { } tooFew)
        {
            return Refuse(FileNeed.TooFew, tooFew, json);
        }

        if (HostCheck.Run(loaded, options.Time.GetUtcNow()) is { Count: > 0 } problems)
        {
            return StartReport.Print(problems, path);
        }

        if (!options.OpenOnLoopback)
        {
            StartReport.PrintWarnings(loaded);
        }

        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        try
        {
            await using var site = await SiteHost.StartAsync(loaded.Configuration, options, stop.Token);
            if (report)
            {
                Console.Out.WriteLine(JsonSerializer.Serialize(
                    new SiteAddresses(site.Api.ToString(), site.Iso?.ToString(), site.Fleet?.ToString(), site.Swarm?.ToString()), StartJson.Readable.SiteAddresses));
                await Console.Out.FlushAsync(CancellationToken.None);
            }

            using var registration = stop.Token.Register(() => site.Stop());
            if (leash)
            {
                _ = Leash.StopWhenStdinClosesAsync(stop);
            }

            await site.Completion;
            return ExitCode.Ok;
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            return ExitCode.Ok;
        }
        catch (SiteStartException e)
        {
            return Refuse(e.Code, e.Message, json);
        }
    }

    private static int Refuse(string code, string why, bool json)
    {
        Console.Error.WriteLine(json ? JsonSerializer.Serialize(new StartProblem(code, why), StartJson.Readable.StartProblem) : $"error: {why}");
        return ExitCode.ConfigurationInvalid;
    }
}
