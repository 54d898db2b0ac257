using System.CommandLine;
using IsoCatalog.Appliance.Commands;

var config = new Option<FileInfo?>("--config");
var json = new Option<bool>("--json");
return await new RootCommand("isocatalog") { ServeCommand.Build(config, json), InitCommand.Build(config, json), DemoCommand.Build(json) }.Parse(args).InvokeAsync();
