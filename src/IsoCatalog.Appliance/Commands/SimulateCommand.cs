using System.CommandLine;
using System.Net;
using System.Net.Sockets;
using System.Text.Json;
using IsoCatalog.Appliance.Wording;
using IsoCatalog.Simulators.Engine;

namespace IsoCatalog.Appliance.Commands;

/// <summary><c>isocatalog simulate</c>: stands in for an outside system that is not at hand.</summary>
internal static class SimulateCommand
{
    public static Command Build() => new Verb(
        "simulate",
        "Stand in for an outside system that is not at hand, for trying things out and for writing a panel.",
        "isocatalog simulate engine --domain /srv/iso-domain:3f0c1c1e-5a11-4f59-9c62-6f1c1b7f9a01 --create")
    {
        Engine(),
    };

    private static Verb Engine()
    {
        var listen = new Option<string>("--listen")
        {
            HelpName = "ADDRESS:PORT",
            Description = "Where it answers. Default: 127.0.0.1 and a free port.",
            DefaultValueFactory = _ => "127.0.0.1:0",
        };
        var domain = new Option<string[]>("--domain")
        {
            HelpName = "PATH:UUID[@DC,...]",
            Description = "An ISO storage domain: its export, its id, and the data centers that it is attached to (default: Default). May be given several times.",
            Required = true,
        };
        var create = new Option<bool>("--create") { Description = "Make the directories of a domain that is not there yet, as VDSM would." };
        var machine = new Option<string[]>("--vm")
        {
            HelpName = "NAME[@DC]",
            Description = "A virtual machine with a CD drive. May be given several times.",
        };
        var tls = new Option<bool>("--tls") { Description = "Speak https with a CA that is made at the start, as an engine does." };
        var caFile = new Option<FileInfo?>("--ca-file") { Description = "Where the CA's certificate is written with --tls. Default: a temporary file." };
        var user = new Option<string>("--user") { Description = "Who may log in.", DefaultValueFactory = _ => "admin@internal" };
        var password = new Option<string>("--password") { Description = "The user's password.", DefaultValueFactory = _ => "simulated" };
        var json = new Option<bool>("--json") { Description = "Write one JSON object on stdout once it answers." };
        var leash = new Option<bool>("--until-stdin-closes") { Description = "Stop when standard input ends.", Hidden = true };
        var command = new Verb(
            "engine",
            "Stand in for an oVirt engine with ISO storage domains until Ctrl-C. It lists what lies in the directory, and fails as it is told to.",
            "isocatalog simulate engine --domain /srv/iso-domain:3f0c1c1e-5a11-4f59-9c62-6f1c1b7f9a01 --create",
            "isocatalog simulate engine --tls --ca-file engine-ca.pem --listen 127.0.0.1:8443 --domain /srv/iso-domain:3f0c1c1e-5a11-4f59-9c62-6f1c1b7f9a01@ams,ams-test")
        {
            listen, domain, create, machine, tls, caFile, user, password, json, leash,
        };
        command.SetAction((parsed, cancellationToken) =>
        {
            if (!IPEndPoint.TryParse(parsed.GetRequiredValue(listen), out var endPoint))
            {
                return RefuseAsync($"--listen {parsed.GetRequiredValue(listen)}: an address with a port is needed, such as 127.0.0.1:8443.");
            }

            var domains = new List<EngineDomain>();
            foreach (var text in parsed.GetRequiredValue(domain))
            {
                if (ReadDomain(text, domains.Count) is not { } read)
                {
                    return RefuseAsync($"--domain {text}: PATH:UUID or PATH:UUID@DATACENTER,DATACENTER is needed.");
                }

                domains.Add(read);
            }

            var options = new EngineOptions
            {
                Listen = endPoint,
                Tls = parsed.GetValue(tls),
                CaFile = parsed.GetValue(caFile)?.FullName,
                User = parsed.GetRequiredValue(user),
                Password = parsed.GetRequiredValue(password),
                Domains = domains,
                Machines = [.. (parsed.GetValue(machine) ?? []).Select(ReadMachine)],
            };
            return RunAsync(options, parsed.GetValue(create), parsed.GetValue(json), parsed.GetValue(leash), cancellationToken);
        });
        return command;
    }

    private static async Task<int> RunAsync(EngineOptions options, bool create, bool json, bool leash, CancellationToken cancellationToken)
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        try
        {
            foreach (var domain in options.Domains)
            {
                if (create)
                {
                    IsoDomainFolder.Create(domain.Path, domain.Id, domain.Name);
                    if (IsoDomainFolder.Mends(domain.Path, domain.Id).ToList() is { Count: > 0 } mends)
                    {
                        await Console.Error.WriteLineAsync("note: " + Plain.Text(
                            $"A real host would refuse {domain.Path}: it belongs to vdsm (36:36) there. For one, run as root: {string.Join("; ", mends)}"));
                    }
                }
                else if (!Directory.Exists(IsoDomainFolder.FilesOf(domain.Path, domain.Id)))
                {
                    return await RefuseAsync($"--domain {domain.Path}: there is no ISO domain {domain.Id:D} in it. With --create it is made.");
                }
            }

            await using var engine = await EngineSimulator.StartAsync(options, stop.Token);
            Tell(engine, json);
            if (leash)
            {
                _ = Leash.StopWhenStdinClosesAsync(stop);
            }

            await Task.Delay(Timeout.Infinite, stop.Token);
            return ExitCode.Ok;
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            return ExitCode.Ok;
        }
        catch (ArgumentException e)
        {
            return await RefuseAsync(e.Message);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or SocketException)
        {
            await Console.Error.WriteLineAsync("error: " + Plain.Text($"The engine cannot start at {options.Listen}: {e.Message}"));
            return ExitCode.Unexpected;
        }
    }

    private static void Tell(EngineSimulator engine, bool json)
    {
        var state = engine.State;
        if (json)
        {
            Console.Out.WriteLine(JsonSerializer.Serialize(state, StartJson.Readable.EngineState));
        }
        else
        {
            Console.Out.WriteLine($"Engine:   {state.Url}   user {state.User}");
            if (state.CaFile is not null)
            {
                Console.Out.WriteLine($"CA:       {Plain.Text(state.CaFile)}");
            }

            foreach (var domain in state.Domains)
            {
                Console.Out.WriteLine(Plain.Text($"Domain:   {domain.Id:D} lists {domain.Files}, data centers {string.Join(", ", domain.DataCenters.Values)}"));
            }

            Console.Out.WriteLine($"Faults:   {new Uri(engine.Url, "/simulator/faults")}");
        }

        Console.Out.Flush();
    }

    /// <summary>The name of the first is iso; a data center takes one ISO domain, so the default is for the first alone.</summary>
    private static EngineDomain? ReadDomain(string text, int before)
    {
        var at = text.LastIndexOf(':');
        if (at <= 0 || text[(at + 1)..].Split('@', 2) is not [var id, ..] || !Guid.TryParseExact(id, "D", out var guid))
        {
            return null;
        }

        var centers = text[(at + 1)..].Split('@', 2) is [_, var named]
            ? named.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries)
            : [before == 0 ? "Default" : $"Default-{before + 1}"];
        return new EngineDomain(Path.GetFullPath(text[..at]), guid) { Name = before == 0 ? "iso" : $"iso-{before + 1}", DataCenters = centers };
    }

    private static EngineMachine ReadMachine(string text) =>
        text.Split('@', 2) is [var name, var center] ? new EngineMachine(name, center) : new EngineMachine(text);

    private static async Task<int> RefuseAsync(string message)
    {
        await Console.Error.WriteLineAsync("error: " + Plain.Text(message));
        return ExitCode.Usage;
    }
}
