# escape=`
FROM mcr.microsoft.com/windows/servercore:ltsc2022
SHELL ["powershell", "-Command", "$ErrorActionPreference = 'Stop';"]
RUN Invoke-WebRequest `
      -Uri https://example.org/tool.zip `
      -OutFile C:\tool.zip; `
    Expand-Archive C:\tool.zip C:\tool\
WORKDIR C:\tool\
ENV PATH="C:\tool;%PATH%" MODE=a`	b
COPY --from=x`y src\ dst\
CMD ["C:\\tool\\run.exe"]
